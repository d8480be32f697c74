// The JSON header of a safetensors file, read in one pass without building a tree: its form is
// fixed, so anything else is an error at once and hostile nesting costs nothing.
#pragma once

#include "sagitta/core/dtype.h"
#include "sagitta/core/shape.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::io {

struct HeaderEntry {
  std::string name;
  std::string dtype;  // as written, "F16"
  Shape shape;
  std::uint64_t begin = 0;  // bytes into the data part
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<HeaderEntry> entries;
  std::map<std::string, std::string, std::less<>> metadata;
};

// Checks form and types of every field and that no name occurs twice, but not the places of the
// tensors. Throws bad_file; `file` names the file in messages.
[[nodiscard]] SafetensorsHeader parse_safetensors_header(std::string_view json,
                                                         const std::string& file);

// "F16" -> f16, or nothing for a type we do not know; and back.
[[nodiscard]] std::optional<DType> dtype_from_safetensors(std::string_view name);
[[nodiscard]] std::string_view safetensors_name(DType dtype);

}  // namespace sagitta::io
