# Language level, warnings, sanitizers and the compiler cache: the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(SAGITTA_CCACHE ccache)
if(SAGITTA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the project count relative to it, so that another clone finds the same entries.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
                                  CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=pch_defines,time_macros ${SAGITTA_CCACHE})
endif()

add_library(sagitta_flags INTERFACE)
target_compile_options(sagitta_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Werror>")
# A loop that only g++ turns into vectors is slower in clang's build, not wrong.
target_compile_options(sagitta_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-pass-failed>)
# What nvcc writes for the host compiler is not pedantic. Lines of the source cost nothing and serve profilers.
target_compile_options(sagitta_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall;-Werror=all-warnings;--expt-relaxed-constexpr;-lineinfo>")
if(SAGITTA_SANITIZE)
  target_compile_options(sagitta_flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${SAGITTA_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
  target_link_options(sagitta_flags INTERFACE -fsanitize=${SAGITTA_SANITIZE})
endif()

# Test code runs once, so that optimising it costs more than it saves. What is under test is a library and keeps the
# flags of the build type.
add_library(sagitta_test_flags INTERFACE)
target_compile_options(sagitta_test_flags INTERFACE -O0)

# Code that describes and calls but computes nothing: nodes and programs. It is much code, and made much more by the checks
# of sanitizers, so that optimising it takes as long again as compiling it.
add_library(sagitta_glue_flags INTERFACE)
if(SAGITTA_SANITIZE)
  target_compile_options(sagitta_glue_flags INTERFACE -O0)
else()
  target_compile_options(sagitta_glue_flags INTERFACE $<$<CONFIG:Release>:-O1>)
endif()
