#include "sagitta/io/safetensors.h"

#include "sagitta/base/error.h"
#include "sagitta/base/json.h"
#include "sagitta/io/atomic_file.h"
#include "sagitta/io/mmap.h"
#include "sagitta/io/quote.h"
#include "sagitta/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace sagitta::io {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit

std::uint64_t read_le64(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return value;
}

std::array<std::byte, kLengthBytes> write_le64(std::uint64_t value) {
  std::array<std::byte, kLengthBytes> bytes{};
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(value & 0xFFU);
    value >>= 8U;
  }
  return bytes;
}

// Bytes that a tensor of this shape takes; throws if they do not fit a 64-bit number.
std::uint64_t span_of(const HeaderEntry& entry, DType dtype, const std::string& file) {
  std::uint64_t bytes = size_of(dtype);
  bool overflow = false;
  for (const std::int64_t size : entry.shape) {
    overflow |= __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes);
  }
  require(!overflow, Fault::bad_file, "{}: tensor {} of shape {} is too large", file,
          quote(entry.name), to_string(entry.shape));
  return bytes;
}

StoredTensor view(const HeaderEntry& entry, std::span<const std::byte> data,
                  const std::string& file, const std::shared_ptr<const void>& owner) {
  const std::optional<DType> dtype = dtype_from_safetensors(entry.dtype);
  require(dtype.has_value(), Fault::unsupported, "{}: tensor {} has the unknown dtype {}", file,
          quote(entry.name), quote(entry.dtype));
  require(entry.begin <= entry.end, Fault::bad_file,
          "{}: tensor {} has data_offsets [{}, {}], which run backwards", file, quote(entry.name),
          entry.begin, entry.end);
  require(entry.end <= data.size(), Fault::bad_file,
          "{}: tensor {} ends at data byte {}, but the file holds only {} (truncated?)", file,
          quote(entry.name), entry.end, data.size());
  const std::uint64_t wanted = span_of(entry, *dtype, file);
  require(wanted == entry.end - entry.begin, Fault::bad_file,
          "{}: tensor {} of shape {} and dtype {} takes {} bytes, but its data_offsets span {}",
          file, quote(entry.name), to_string(entry.shape), entry.dtype, wanted,
          entry.end - entry.begin);
  return {.dtype = *dtype, .shape = entry.shape, .data = data.data() + entry.begin, .owner = owner};
}

// The format asks that the tensors fill the data part exactly: one after the other, nothing shared
// and nothing left over.
void require_dense(std::vector<HeaderEntry>& entries, std::size_t data_size,
                   const std::string& file) {
  std::ranges::sort(entries, {},
                    [](const HeaderEntry& entry) { return std::tie(entry.begin, entry.end); });
  std::uint64_t end = 0;
  for (const HeaderEntry& entry : entries) {
    require(entry.begin >= end, Fault::bad_file,
            "{}: tensor {} begins at data byte {}, inside the tensor before it, which ends at {}",
            file, quote(entry.name), entry.begin, end);
    require(entry.begin == end, Fault::bad_file,
            "{}: {} bytes before tensor {} at data byte {} belong to no tensor", file,
            entry.begin - end, quote(entry.name), end);
    end = entry.end;
  }
  require(end == data_size, Fault::bad_file, "{}: the last {} bytes belong to no tensor", file,
          data_size - end);
}

// Torch's own files are zip archives or bare streams of Python's object format.
bool is_pickled(std::span<const std::byte> bytes) {
  constexpr std::array kZip{std::byte{'P'}, std::byte{'K'}, std::byte{3}, std::byte{4}};
  constexpr std::array kStream{std::byte{0x80}, std::byte{2}};
  const auto begins = [&](const auto& mark) {
    return bytes.size() >= mark.size() && std::equal(mark.begin(), mark.end(), bytes.begin());
  };
  const bool has_header = bytes.size() > kLengthBytes && bytes[kLengthBytes] == std::byte{'{'};
  return !has_header && (begins(kZip) || begins(kStream));
}

}  // namespace

Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name,
                              std::shared_ptr<const void> owner) {
  require(!is_pickled(bytes), Fault::bad_file,
          "{}: a pickled file (.ckpt, .pt, .bin), which can run code when it is read; convert it to "
          "safetensors",
          name);
  require(bytes.size() >= kLengthBytes, Fault::bad_file,
          "{}: {} bytes are too few for a safetensors file", name, bytes.size());
  const std::uint64_t length = read_le64(bytes);
  require(length <= kMaxHeader, Fault::bad_file,
          "{}: no safetensors file: its header would have {} bytes, at most {} are allowed", name,
          length, kMaxHeader);
  require(length <= bytes.size() - kLengthBytes, Fault::bad_file,
          "{}: the header wants {} bytes, but the file ends after {} (truncated?)", name, length,
          bytes.size() - kLengthBytes);
  const auto header_bytes = bytes.subspan(kLengthBytes, static_cast<std::size_t>(length));
  const auto data = bytes.subspan(kLengthBytes + static_cast<std::size_t>(length));
  const std::string_view json(reinterpret_cast<const char*>(header_bytes.data()),
                              header_bytes.size());
  require(json.starts_with('{'), Fault::bad_file,
          "{}: no safetensors file: its header does not begin with '{{'", name);

  SafetensorsHeader header = parse_safetensors_header(json, name);
  Safetensors file{.tensors = {}, .metadata = std::move(header.metadata)};
  for (const HeaderEntry& entry : header.entries) {
    file.tensors.emplace(entry.name, view(entry, data, name, owner));
  }
  require_dense(header.entries, data.size(), name);
  return file;
}

Safetensors open_safetensors(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  return parse_safetensors(file->bytes(), path.string(), file);
}

TensorSource source_of(StoredTensor tensor) {
  const DType dtype = tensor.dtype;
  Shape shape = tensor.shape;
  return {.dtype = dtype,
          .shape = std::move(shape),
          .values = [tensor = std::move(tensor)] { return tensor; }};
}

void write_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                       const Metadata& metadata) {
  TensorSources sources;
  for (const auto& [name, tensor] : tensors) sources.emplace(name, source_of(tensor));
  write_safetensors(path, sources, metadata);
}

void write_safetensors(const std::filesystem::path& path, const TensorSources& tensors,
                       const Metadata& metadata) {
  std::vector<const TensorSources::value_type*> order;
  for (const auto& named : tensors) order.push_back(&named);
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [](const auto* named) { return size_of(named->second.dtype); });

  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t end = 0;
  for (const auto* named : order) {
    const TensorSource& tensor = named->second;
    require(named->first != "__metadata__", Fault::bad_input,
            "{}: a tensor cannot be called \"__metadata__\"", path.string());
    const std::size_t begin = end;
    end += static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.dtype);
    header[named->first] = {{"dtype", safetensors_name(tensor.dtype)},
                            {"shape", tensor.shape},
                            {"data_offsets", {begin, end}}};
  }
  std::string json;
  try {
    json = header.dump();
  } catch (const Json::exception&) {
    throw Error(Fault::bad_input,
                fmt::format("{}: a tensor name or metadata text is not UTF-8", path.string()));
  }
  json.resize((json.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  require(json.size() <= kMaxHeader, Fault::bad_input,
          "{}: the header would have {} bytes, at most {} are allowed", path.string(), json.size(),
          kMaxHeader);

  AtomicFile file(path);
  file.write(write_le64(json.size()));
  file.write(json);
  for (const auto* named : order) {
    const StoredTensor tensor = named->second.values();
    require(tensor.dtype == named->second.dtype && tensor.shape == named->second.shape,
            Fault::internal, "{}: the values of tensor {} are not what was announced",
            path.string(), quote(named->first));
    require(tensor.scale == 1, Fault::bad_input, "{}: tensor {} has a scale, which must be applied",
            path.string(), quote(named->first));
    file.write({tensor.data, tensor.bytes()});
  }
  file.commit();
}

}  // namespace sagitta::io
