# The differential fuzzer: a few seconds with fixed seeds here, the long form in README.md.
if(TARGET pl_exec)
  parley_layer_objects(objects exec)
  file(GLOB diff_sources CONFIGURE_DEPENDS diff/*.c)
  add_executable(differ ${diff_sources} ${objects})
  target_include_directories(differ PRIVATE diff)
  target_link_libraries(differ PRIVATE parley_build ${parley_libraries})
  add_test(NAME diff_short COMMAND differ --seed 1 --cases 2000 --features -paths,-shortest,-same,-labels,-text)
endif()
