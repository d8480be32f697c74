# Headers that nearly every source parses, precompiled: parsing is a fifth to three quarters of the time of a source. Only
# headers from outside the project, so that no change of ours makes them again. Every source still includes what it
# uses: -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without them.
#
# The JSON library costs a source half a second even where it is not used, hence sets with and without it; CLI11 costs
# six, hence no set with it.
set(precompiled_plain
  <algorithm> <any> <array> <charconv> <cmath> <cstddef> <cstdint> <cstring> <exception> <filesystem> <functional>
  <limits> <map> <memory> <numeric> <optional> <set> <span> <stdexcept> <string> <string_view> <tuple> <type_traits>
  <utility> <variant> <vector> <fmt/format.h>)
set(precompiled_json ${precompiled_plain} <nlohmann/json.hpp>)
set(precompiled_backend ${precompiled_plain} <oneapi/dnnl/dnnl.hpp>)
set(precompiled_test ${precompiled_plain} <gmock/gmock.h> <gtest/gtest.h>)
set(precompiled_json_test ${precompiled_test} <nlohmann/json.hpp>)
set(precompiled_backend_test ${precompiled_test})
# Sets of their own where the same headers are compiled with other flags.
set(precompiled_glue ${precompiled_json})
set(precompiled_fuzzed_plain ${precompiled_plain})
set(precompiled_fuzzed_json ${precompiled_json})

# sagitta_precompiled(TARGET SET): the first target of a set makes it, those with the same flags share it.
function(sagitta_precompiled target set)
  # Of temporary strings that are moved, GCC 12 warns falsely where their code comes from a precompiled header. The
  # address sanitizer looks for the same mistakes.
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds>
                                             $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-stringop-overread>)
  endif()
  get_property(owner GLOBAL PROPERTY sagitta_precompiled_${set})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE ${precompiled_${set}})
    set_property(GLOBAL PROPERTY sagitta_precompiled_${set} ${target})
  endif()
endfunction()
