# Golden files: tests/golden/*.test, each run in several modes; the answers must not differ. In mode memory each allocation of each statement
# fails in turn; every seventh where a statement takes long.
if(TARGET parley)
  add_executable(golden tools/golden.c)
  target_compile_definitions(golden PRIVATE _GNU_SOURCE)
  target_link_libraries(golden PRIVATE parley)
  set(golden_stride 1)
  if(PARLEY_SANITIZE OR PARLEY_TSAN OR NOT PARLEY_ARENA_BLOCK)
    set(golden_stride 7)
  endif()
  file(GLOB golden_files CONFIGURE_DEPENDS golden/*.test)
  foreach(file IN LISTS golden_files)
    get_filename_component(name ${file} NAME_WE)
    foreach(mode plain rules order reopen memory)
      add_test(NAME golden_${name}_${mode} COMMAND golden --root ${CMAKE_SOURCE_DIR} --mode ${mode} --stride ${golden_stride} ${file})
      set_tests_properties(golden_${name}_${mode} PROPERTIES SKIP_RETURN_CODE 77)
    endforeach()
  endforeach()
endif()

# Messages that no query can provoke: what tests/messages/messages.c prints is compared with messages.txt beside it.
if(TARGET parley)
  add_executable(messages messages/messages.c)
  target_compile_definitions(messages PRIVATE _GNU_SOURCE)
  target_link_libraries(messages PRIVATE parley Threads::Threads)
  add_test(NAME golden_messages COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/messages/check.sh $<TARGET_FILE:messages>)
endif()

# Checks of the sources themselves; label "plain": once is enough, in the ordinary build.
foreach(lint layers format words messages)
  add_test(NAME lint_${lint} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/lint/${lint}.sh)
  set_tests_properties(lint_${lint} PROPERTIES LABELS plain SKIP_RETURN_CODE 77)
endforeach()
