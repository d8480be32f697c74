# CUDA as a language, for the kernels of src/sagitta/backend/cuda.
#
# Device code for Ampere, Ada and Hopper, and in a form that drivers translate for what came later.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
  set(CMAKE_CUDA_ARCHITECTURES 80-real 86-real 89-real 90a-real 90-virtual CACHE STRING "GPUs that kernels are compiled for")
endif()
# Toolkits lie where PATH seldom leads.
if(NOT DEFINED ENV{CUDACXX})
  find_program(CMAKE_CUDA_COMPILER nvcc PATHS /usr/local/cuda PATH_SUFFIXES bin)
endif()
# As cmake/flags.cmake says for C++.
set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
enable_language(CUDA)

set(CMAKE_CUDA_STANDARD ${CMAKE_CXX_STANDARD})
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
# CMake 3.25 knows no C++20 of nvcc.
foreach(kind STANDARD EXTENSION)
  if(NOT CMAKE_CUDA20_${kind}_COMPILE_OPTION)
    set(CMAKE_CUDA20_${kind}_COMPILE_OPTION -std=c++20)
  endif()
endforeach()

find_package(CUDAToolkit 12 REQUIRED)
# An installed program finds the toolkit's libraries, too.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
