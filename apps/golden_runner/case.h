// A file of golden data: inputs and expected outputs, with a header that says what they are.
#pragma once

#include "golden_runner/tolerance.h"
#include "sagitta/base/error.h"
#include "sagitta/base/json.h"
#include "sagitta/core/stored.h"
#include "sagitta/io/safetensors.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace golden {

struct GoldenFile {
  std::filesystem::path path;
  std::string name;                  // relative to the root of the data, with '/'
  std::string folder;                // of name, "" for the root itself
  sagitta::io::Metadata metadata{};  // of a safetensors file
  sagitta::StateDict tensors{};      // of a safetensors file
  sagitta::Json json{};              // the content of a JSON file, otherwise null

  [[nodiscard]] bool is_json() const { return name.ends_with(".json"); }
  [[nodiscard]] bool has(std::string_view tensor) const { return tensors.contains(tensor); }
  [[nodiscard]] bool has_prefix(std::string_view tensor_prefix) const;
  [[nodiscard]] bool has_header(std::string_view key) const { return metadata.contains(key); }

  // All of these throw bad_file, naming what is missing.
  [[nodiscard]] const std::string& header(std::string_view key) const;
  [[nodiscard]] sagitta::Json params() const;  // an object
  [[nodiscard]] Tolerances tolerances() const;
  [[nodiscard]] const sagitta::StoredTensor& tensor(std::string_view name) const;
  [[nodiscard]] sagitta::Array array(std::string_view name) const;
};

// Reads the file. Throws bad_file if it is neither safetensors nor JSON, or is broken.
[[nodiscard]] GoldenFile open_golden(const std::filesystem::path& root,
                                     const std::filesystem::path& path);

// object[key] as a T; throws bad_file naming the key if it is missing or of another type. Unsigned
// integers may also be written as strings, since JSON readers differ above 2^53.
template <class T>
[[nodiscard]] T field(const sagitta::Json& object, std::string_view key);

template <>
[[nodiscard]] std::uint64_t field(const sagitta::Json& object, std::string_view key);

// The values of an array of cases; throws bad_file if there is no such array.
[[nodiscard]] const sagitta::Json& array_field(const sagitta::Json& object, std::string_view key);

template <class T>
T field(const sagitta::Json& object, std::string_view key) {
  sagitta::require(object.is_object() && object.contains(key), sagitta::Fault::bad_file,
                   "there is no field \"{}\"", key);
  try {
    return object.at(std::string(key)).template get<T>();
  } catch (const sagitta::Json::exception&) {
    throw sagitta::Error(sagitta::Fault::bad_file,
                         fmt::format("field \"{}\" has the wrong type: {}", key,
                                     object.at(std::string(key)).dump().substr(0, 100)));
  }
}

}  // namespace golden
