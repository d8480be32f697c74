// Any bytes are a safetensors file or an error; every tensor of an accepted file can be read.
#include "sagitta/base/error.h"
#include "sagitta/io/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = sagitta::io::parse_safetensors(std::as_bytes(std::span(data, size)), "input");
    for (const auto& [name, tensor] : file.tensors) (void)sagitta::to_array(tensor);
  } catch (const sagitta::Error&) {  // what broken input is expected to give
  }
  return 0;
}
