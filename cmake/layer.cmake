# A layer is one folder of src/sagitta: a static library that links exactly the layers it may see.
#   sagitta_layer(text [FUZZED] SOURCES bpe.cc prompt.cc DEPENDS base LIBRARIES PkgConfig::utf8proc)
# FUZZED layers parse foreign bytes, or are what such layers are made of: they tell the fuzzers what was reached.
# SOURCES are explicit; DEPENDS are layers (public); LIBRARIES are third-party and private;
# PUBLIC_LIBRARIES are third-party types that a header of the layer shows; PRECOMPILED is a set of
# cmake/precompiled.cmake, `plain` if not given.
function(sagitta_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "FUZZED" "PRECOMPILED" "SOURCES;DEPENDS;LIBRARIES;PUBLIC_LIBRARIES")
  add_library(sagitta_${name} STATIC ${layer_SOURCES})
  target_include_directories(sagitta_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM layer_DEPENDS PREPEND sagitta_)
  target_link_libraries(sagitta_${name} PUBLIC ${layer_DEPENDS} ${layer_PUBLIC_LIBRARIES}
                                        PRIVATE sagitta_flags ${layer_LIBRARIES})
  if(NOT layer_PRECOMPILED)
    set(layer_PRECOMPILED plain)
  endif()
  if(SAGITTA_FUZZ AND layer_FUZZED)
    target_compile_options(sagitta_${name} PRIVATE -fsanitize=fuzzer-no-link)
    string(PREPEND layer_PRECOMPILED fuzzed_)
  endif()
  sagitta_precompiled(sagitta_${name} ${layer_PRECOMPILED})
endfunction()

# The tests of one layer, one program: sagitta_layer_tests(text SOURCES bpe_test.cc [LAYERS text backend])
# PRECOMPILED as above, `test` if not given. LONG tests, as globs, are left out where sanitizers would make them minutes.
function(sagitta_layer_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "PRECOMPILED" "SOURCES;LAYERS;LONG")
  if(NOT tests_LAYERS)
    set(tests_LAYERS ${name})
  endif()
  list(TRANSFORM tests_LAYERS PREPEND sagitta_)
  add_executable(${name}_tests ${tests_SOURCES})
  target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_tests PRIVATE
    SAGITTA_GOLDEN_DIR="${SAGITTA_GOLDEN_DIR}" SAGITTA_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data")
  target_link_libraries(${name}_tests PRIVATE ${tests_LAYERS} sagitta_flags sagitta_test_flags
                                                GTest::gmock_main)
  if(NOT tests_PRECOMPILED)
    set(tests_PRECOMPILED test)
  endif()
  sagitta_precompiled(${name}_tests ${tests_PRECOMPILED})
  set(filter "")
  if(SAGITTA_SANITIZE AND tests_LONG)
    list(JOIN tests_LONG ":" long)
    set(filter TEST_FILTER "-${long}")
  endif()
  gtest_discover_tests(${name}_tests DISCOVERY_TIMEOUT 60 ${filter} PROPERTIES TIMEOUT 600 LABELS ${name}
                                              ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()
