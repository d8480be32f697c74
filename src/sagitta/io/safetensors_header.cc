#include "sagitta/io/safetensors_header.h"

#include "sagitta/base/error.h"
#include "sagitta/base/json.h"
#include "sagitta/io/quote.h"

#include <cstddef>
#include <limits>
#include <set>
#include <utility>

namespace sagitta::io {
namespace {

struct DTypeName {
  DType dtype;
  std::string_view name;
};

constexpr DTypeName kDTypeNames[] = {
    {DType::f32, "F32"}, {DType::bf16, "BF16"},       {DType::f16, "F16"},
    {DType::f64, "F64"}, {DType::f8_e4m3, "F8_E4M3"}, {DType::f8_e5m2, "F8_E5M2"},
    {DType::i64, "I64"}, {DType::i32, "I32"},         {DType::i16, "I16"},
    {DType::i8, "I8"},   {DType::u8, "U8"},           {DType::boolean, "BOOL"},
};

constexpr std::string_view kMetadataKey = "__metadata__";

// Receives the events of the JSON parser. Every handler returns false after noting what is wrong.
class HeaderReader {
 public:
  SafetensorsHeader take() { return std::move(header_); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  bool start_object(std::size_t) {
    switch (place_) {
      case Place::start:
        place_ = Place::root;
        return true;
      case Place::root:
        if (key_ == kMetadataKey) {
          place_ = Place::metadata;
          return true;
        }
        header_.entries.push_back({.name = key_, .dtype = {}, .shape = {}});
        seen_ = 0;
        place_ = Place::tensor;
        return true;
      default:
        return unexpected("an object");
    }
  }

  bool end_object() {
    switch (place_) {
      case Place::root:
        place_ = Place::finished;
        return true;
      case Place::metadata:
        place_ = Place::root;
        return true;
      default:  // a tensor: objects nest nowhere else
        place_ = Place::root;
        if (seen_ == (kDType | kShape | kOffsets)) return true;
        return fail(fmt::format("tensor {} lacks {}", quote(header_.entries.back().name),
                                (seen_ & kDType) == 0   ? "dtype"
                                : (seen_ & kShape) == 0 ? "shape"
                                                        : "data_offsets"));
    }
  }

  bool key(std::string& name) {
    key_ = std::move(name);
    if (place_ == Place::root) {
      return names_.insert(key_).second || fail(fmt::format("{} occurs twice", quote(key_)));
    }
    if (place_ == Place::metadata) {
      return header_.metadata.emplace(key_, std::string()).second ||
             fail(fmt::format("metadata key {} occurs twice", quote(key_)));
    }
    field_ = key_ == "dtype"          ? kDType
             : key_ == "shape"        ? kShape
             : key_ == "data_offsets" ? kOffsets
                                      : 0U;
    if (field_ == 0) {
      return fail(fmt::format("tensor {} has the unknown field {}", tensor_name(), quote(key_)));
    }
    if ((seen_ & field_) != 0) {
      return fail(fmt::format("tensor {} has two fields {}", tensor_name(), quote(key_)));
    }
    seen_ |= field_;
    return true;
  }

  bool start_array(std::size_t) {
    if (place_ != Place::tensor || field_ == kDType) return unexpected("an array");
    place_ = Place::numbers;
    offsets_ = 0;
    return true;
  }

  bool end_array() {
    place_ = Place::tensor;
    return field_ == kShape || offsets_ == 2 ||
           fail(fmt::format("tensor {}: data_offsets wants two numbers, got {}", tensor_name(),
                            offsets_));
  }

  bool number_unsigned(std::uint64_t value) {
    if (place_ != Place::numbers) return unexpected("a number");
    HeaderEntry& entry = header_.entries.back();
    if (field_ == kShape) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return fail(fmt::format("tensor {}: the size {} is too large", tensor_name(), value));
      }
      entry.shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    ++offsets_;
    (offsets_ == 1 ? entry.begin : entry.end) = value;
    return offsets_ <= 2 ||
           fail(fmt::format("tensor {}: data_offsets has more than two numbers", tensor_name()));
  }

  bool string(std::string& value) {
    if (place_ == Place::metadata) {
      header_.metadata[key_] = std::move(value);
      return true;
    }
    if (place_ != Place::tensor || field_ != kDType) return unexpected("a string");
    header_.entries.back().dtype = std::move(value);
    return true;
  }

  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("a boolean"); }
  bool number_integer(std::int64_t value) {
    return unexpected(fmt::format("the number {}", value));
  }
  bool number_float(double, const std::string& text) {
    return unexpected(fmt::format("the number {}", quote(text)));
  }
  bool binary(std::vector<std::uint8_t>&) { return unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return fail(fmt::format("no valid JSON at byte {} of the header", position));
  }

 private:
  enum class Place { start, root, metadata, tensor, numbers, finished };
  static constexpr unsigned kDType = 1;
  static constexpr unsigned kShape = 2;
  static constexpr unsigned kOffsets = 4;

  [[nodiscard]] std::string tensor_name() const { return quote(header_.entries.back().name); }

  bool unexpected(std::string_view what) {
    switch (place_) {
      case Place::start:
      case Place::finished:
        return fail(fmt::format("the header is {} and no object", what));
      case Place::root:
        return fail(fmt::format("{} is {}, expected an object", quote(key_), what));
      case Place::metadata:
        return fail(fmt::format("metadata {} is {}, expected a string", quote(key_), what));
      default:
        return fail(fmt::format("tensor {}: {} is or holds {}, expected {}", tensor_name(), key_,
                                what,
                                field_ == kDType ? "a string" : "an array of whole numbers >= 0"));
    }
  }

  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  SafetensorsHeader header_;
  std::set<std::string, std::less<>> names_;
  Place place_ = Place::start;
  std::string key_;
  unsigned field_ = 0;  // the tensor's field that is being read
  unsigned seen_ = 0;   // the tensor's fields so far
  int offsets_ = 0;
  std::string problem_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& file) {
  HeaderReader reader;
  const bool ok = Json::sax_parse(json.begin(), json.end(), &reader);
  require(ok, Fault::bad_file, "{}: broken safetensors header: {}", file, reader.problem());
  return reader.take();
}

std::optional<DType> dtype_from_safetensors(std::string_view name) {
  for (const DTypeName& row : kDTypeNames) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::string_view safetensors_name(DType dtype) {
  for (const DTypeName& row : kDTypeNames) {
    if (row.dtype == dtype) return row.name;
  }
  throw Error(Fault::internal, "safetensors: unknown dtype");
}

}  // namespace sagitta::io
