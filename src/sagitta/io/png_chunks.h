// The chunks of a PNG that libpng need not decode: texts and EXIF data. A PNG is a signature and
// then chunks of length, four-letter type, data and CRC.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sagitta::io {

struct PngChunk {
  std::array<char, 4> type{};
  std::string data;
};

[[nodiscard]] bool is_png(std::span<const std::byte> bytes);

// A tEXt chunk if the text fits Latin-1, otherwise iTXt. Throws bad_input if the keyword is not 1
// to 79 Latin-1 characters, or if either holds a zero byte or is no UTF-8.
[[nodiscard]] PngChunk text_chunk(std::string_view keyword, std::string_view text);

// The content of the eXIf chunk, empty if there is none or the chunks are broken.
[[nodiscard]] std::span<const std::byte> find_png_exif(std::span<const std::byte> bytes);

}  // namespace sagitta::io
