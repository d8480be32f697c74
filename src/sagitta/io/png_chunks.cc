#include "sagitta/io/png_chunks.h"

#include "sagitta/base/error.h"
#include "sagitta/io/latin1.h"
#include "sagitta/io/png.h"
#include "sagitta/io/quote.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace sagitta::io {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr std::size_t kFrame = 12;                       // length, type and CRC of a chunk
constexpr std::size_t kMaxText = std::size_t{1} << 26U;  // of an unpacked text

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t read_be32(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes.first(4)) {
    value = (value << 8U) | std::to_integer<std::uint32_t>(byte);
  }
  return value;
}

struct ChunkView {
  std::string_view type;
  std::span<const std::byte> data;
  bool crc_ok = false;
};

// Walks the chunks behind the signature. next() gives nothing after IEND or at a break; complete()
// tells them apart.
class ChunkWalker {
 public:
  explicit ChunkWalker(std::span<const std::byte> bytes)
      : rest_(bytes.subspan(kSignature.size())) {}

  std::optional<ChunkView> next() {
    if (complete_ || rest_.size() < kFrame) return std::nullopt;
    const std::size_t length = read_be32(rest_);
    if (length > rest_.size() - kFrame) return std::nullopt;
    const auto checked = rest_.subspan(4, length + 4);
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size());
    const ChunkView chunk{.type = as_text(checked.first(4)),
                          .data = checked.subspan(4),
                          .crc_ok = crc == read_be32(rest_.subspan(length + 8))};
    rest_ = rest_.subspan(length + kFrame);
    complete_ = chunk.type == "IEND";
    return chunk;
  }

  [[nodiscard]] bool complete() const { return complete_; }

 private:
  std::span<const std::byte> rest_;
  bool complete_ = false;
};

std::string inflate_text(std::string_view packed, const std::string& keyword,
                         const std::string& name) {
  z_stream stream{};
  require(inflateInit(&stream) == Z_OK, Fault::out_of_memory, "{}: no memory to unpack text", name);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int state = Z_OK;
  std::array<char, 16384> part{};
  while (state == Z_OK && text.size() <= kMaxText) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(part.data(), part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  require(text.size() <= kMaxText, Fault::bad_file, "{}: text {} unpacks to more than {} bytes",
          name, quote(keyword), kMaxText);
  require(state == Z_STREAM_END, Fault::bad_file, "{}: the packed text {} is broken", name,
          quote(keyword));
  return text;
}

// Cuts the part before the next zero byte off the front of rest.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return field;
}

struct TextEntry {
  std::string keyword;
  std::string text;
};

// tEXt: keyword 0 text. zTXt: keyword 0 method packed.
// iTXt: keyword 0 packed? method language 0 translated keyword 0 text.
std::optional<TextEntry> read_text(const ChunkView& chunk, const std::string& name) {
  std::string_view rest = as_text(chunk.data);
  const auto raw_keyword = take_field(rest);
  if (!raw_keyword) return std::nullopt;
  const std::string keyword = latin1_to_utf8(*raw_keyword);
  if (chunk.type == "tEXt") return TextEntry{keyword, latin1_to_utf8(rest)};
  if (chunk.type == "zTXt") {
    if (rest.empty() || rest[0] != 0) return std::nullopt;
    return TextEntry{keyword, latin1_to_utf8(inflate_text(rest.substr(1), keyword, name))};
  }
  if (rest.size() < 2 || (rest[0] != 0 && rest[1] != 0)) return std::nullopt;
  const bool packed = rest[0] != 0;
  rest.remove_prefix(2);
  if (!take_field(rest) || !take_field(rest)) return std::nullopt;
  return TextEntry{keyword, packed ? inflate_text(rest, keyword, name) : std::string(rest)};
}

}  // namespace

bool is_png(std::span<const std::byte> bytes) { return as_text(bytes).starts_with(kSignature); }

PngChunk text_chunk(std::string_view keyword, std::string_view text) {
  const std::optional<std::string> key = utf8_to_latin1(keyword);
  require(key.has_value() && !key->empty() && key->size() <= 79, Fault::bad_input,
          "PNG text keyword {} wants 1 to 79 Latin-1 characters", quote(keyword));
  require(keyword.find('\0') == std::string_view::npos && text.find('\0') == std::string_view::npos,
          Fault::bad_input, "PNG text {} holds a zero byte", quote(keyword));
  require(text.size() <= kMaxText, Fault::bad_input, "PNG text {} has {} bytes, at most {} fit",
          quote(keyword), text.size(), kMaxText);
  require(is_utf8(text), Fault::bad_input, "PNG text {} is not UTF-8", quote(keyword));
  if (const std::optional<std::string> plain = utf8_to_latin1(text)) {
    return {.type = {'t', 'E', 'X', 't'}, .data = *key + '\0' + *plain};
  }
  // Not packed, no language and no translated keyword.
  return {.type = {'i', 'T', 'X', 't'}, .data = *key + std::string(5, '\0') + std::string(text)};
}

std::span<const std::byte> find_png_exif(std::span<const std::byte> bytes) {
  if (!is_png(bytes)) return {};
  ChunkWalker walker(bytes);
  while (const std::optional<ChunkView> chunk = walker.next()) {
    if (chunk->type == "eXIf" && chunk->crc_ok) return chunk->data;
  }
  return {};
}

std::map<std::string, std::string> decode_png_text(std::span<const std::byte> bytes,
                                                   const std::string& name) {
  require(is_png(bytes), Fault::bad_file, "{}: no PNG file", name);
  std::map<std::string, std::string> texts;
  ChunkWalker walker(bytes);
  while (const std::optional<ChunkView> chunk = walker.next()) {
    if (chunk->type != "tEXt" && chunk->type != "zTXt" && chunk->type != "iTXt") continue;
    std::optional<TextEntry> entry;
    if (chunk->crc_ok) entry = read_text(*chunk, name);
    require(entry.has_value(), Fault::bad_file, "{}: a {} chunk is broken", name, chunk->type);
    require(is_utf8(entry->text), Fault::bad_file, "{}: text {} is not UTF-8", name,
            quote(entry->keyword));
    texts[entry->keyword] = std::move(entry->text);
  }
  require(walker.complete(), Fault::bad_file, "{}: the PNG is truncated", name);
  return texts;
}

}  // namespace sagitta::io
