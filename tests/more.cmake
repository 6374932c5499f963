# Tests of the library as its users meet it: tests/api/*.c use parley.h and the shared library only; the header alone as C11 and C++11;
# what the library exports; an installed copy found by CMake and by pkg-config.
if(NOT TARGET parley)
  return()
endif()

file(GLOB api_sources CONFIGURE_DEPENDS api/*.c)
foreach(source IN LISTS api_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(api_${name} ${source})
  target_compile_options(api_${name} PRIVATE ${parley_warnings} ${parley_c_warnings})
  target_compile_definitions(api_${name} PRIVATE _GNU_SOURCE)
  target_link_libraries(api_${name} PRIVATE parley PkgConfig::CMOCKA Threads::Threads)
  add_test(NAME api_${name} COMMAND api_${name})
  set_tests_properties(api_${name} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
set_tests_properties(api_threads api_together api_copy api_load PROPERTIES LABELS threads)

# The header alone, with nothing before it.
foreach(language c cpp)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/header_alone.${language})
  if(NOT EXISTS ${source})
    file(WRITE ${source} "#include <parley.h>\nint main(void) { return parley_version_number() == PARLEY_VERSION_NUMBER ? 0 : 1; }\n")
  endif()
  add_executable(header_${language} ${source})
  target_compile_options(header_${language} PRIVATE -Wall -Wextra -Wpedantic -Werror)
  target_link_libraries(header_${language} PRIVATE parley)
  set_target_properties(header_${language} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF CXX_STANDARD 11 CXX_EXTENSIONS OFF)
  add_test(NAME header_${language} COMMAND header_${language})
endforeach()

add_test(NAME lint_exports COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/lint/exports.sh $<TARGET_FILE:parley>)
add_test(NAME install_embed COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tools/install.sh ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}
  ${CMAKE_C_COMPILER})
set_tests_properties(lint_exports install_embed PROPERTIES LABELS plain SKIP_RETURN_CODE 77)
add_test(NAME bench_suite COMMAND bash ${CMAKE_SOURCE_DIR}/bench/run.sh --self-test --build ${CMAKE_BINARY_DIR}
  --work ${CMAKE_BINARY_DIR}/bench-self-test)
add_test(NAME bench_generators COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tools/generators.sh ${CMAKE_BINARY_DIR} ${CMAKE_BINARY_DIR}/bench)
set_tests_properties(bench_suite bench_generators PROPERTIES LABELS plain SKIP_RETURN_CODE 77)
if(TARGET parley_cli AND NOT PARLEY_SANITIZE AND NOT PARLEY_TSAN AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_test(NAME lint_hardening COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/lint/hardening.sh $<TARGET_FILE:parley> $<TARGET_FILE:parley_cli>)
  set_tests_properties(lint_hardening PROPERTIES LABELS plain SKIP_RETURN_CODE 77)
endif()

add_subdirectory(fault)
