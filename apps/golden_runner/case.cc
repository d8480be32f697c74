#include "golden_runner/case.h"

#include "sagitta/io/file.h"

#include <charconv>
#include <utility>

namespace golden {

using sagitta::Error;
using sagitta::Fault;
using sagitta::Json;
using sagitta::require;

bool GoldenFile::has_prefix(std::string_view tensor_prefix) const {
  const auto it = tensors.lower_bound(tensor_prefix);
  return it != tensors.end() && it->first.starts_with(tensor_prefix);
}

const std::string& GoldenFile::header(std::string_view key) const {
  const auto it = metadata.find(key);
  require(it != metadata.end(), Fault::bad_file, "the header has no \"{}\"", key);
  return it->second;
}

Json GoldenFile::params() const {
  Json params = Json::parse(header("params"), nullptr, false);
  require(params.is_object(), Fault::bad_file, "the header's \"params\" are no JSON object");
  return params;
}

Tolerances GoldenFile::tolerances() const { return Tolerances(header("tolerance")); }

const sagitta::StoredTensor& GoldenFile::tensor(std::string_view tensor_name) const {
  const auto it = tensors.find(tensor_name);
  require(it != tensors.end(), Fault::bad_file, "there is no tensor \"{}\"", tensor_name);
  return it->second;
}

sagitta::Array GoldenFile::array(std::string_view tensor_name) const {
  return to_array(tensor(tensor_name));
}

GoldenFile open_golden(const std::filesystem::path& root, const std::filesystem::path& path) {
  const std::filesystem::path relative = path.lexically_relative(root);
  GoldenFile file{.path = path,
                  .name = relative.generic_string(),
                  .folder = relative.parent_path().generic_string()};
  if (file.is_json()) {
    file.json = Json::parse(sagitta::io::read_file(path), nullptr, false);
    require(!file.json.is_discarded(), Fault::bad_file, "{} is no valid JSON", path.string());
  } else {
    sagitta::io::Safetensors content = sagitta::io::open_safetensors(path);
    file.metadata = std::move(content.metadata);
    file.tensors = std::move(content.tensors);
  }
  return file;
}

template <>
std::uint64_t field(const Json& object, std::string_view key) {
  require(object.is_object() && object.contains(key), Fault::bad_file, "there is no field \"{}\"",
          key);
  const Json& value = object.at(std::string(key));
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  std::uint64_t number = 0;
  const auto* text = value.get_ptr<const std::string*>();
  const bool ok = text != nullptr && !text->empty() &&
                  std::from_chars(text->data(), text->data() + text->size(), number).ptr ==
                      text->data() + text->size();
  require(ok, Fault::bad_file, "field \"{}\" is no whole number >= 0: {}", key,
          value.dump().substr(0, 100));
  return number;
}

const Json& array_field(const Json& object, std::string_view key) {
  require(object.is_object() && object.contains(key) && object.at(std::string(key)).is_array(),
          Fault::bad_file, "there is no array \"{}\"", key);
  return object.at(std::string(key));
}

}  // namespace golden
