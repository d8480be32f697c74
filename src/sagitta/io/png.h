// PNG reading, writing and text chunks. The text chunks "prompt" and "workflow" are how a picture
// carries the graph that made it.
#pragma once

#include "sagitta/io/image.h"

#include <map>
#include <utility>

namespace sagitta::io {

// Keyword and UTF-8 text. The order is kept in the file.
using PngText = std::vector<std::pair<std::string, std::string>>;

// Any colour type and bit depth, interlaced or not. Sixteen-bit samples keep their precision.
// Throws bad_file if the data are broken or larger than the limits in image.h.
[[nodiscard]] Image read_png(const std::filesystem::path& path);
[[nodiscard]] Image decode_png(std::span<const std::byte> bytes, const std::string& name);

// An image (1, H, W, 3) or (H, W, 3) as an 8-bit RGB PNG. Text that fits Latin-1 goes to a tEXt
// chunk, other text to iTXt. Keywords have 1 to 79 Latin-1 characters (bad_input otherwise).
[[nodiscard]] std::vector<std::byte> encode_png(const Array& image, const PngText& text = {});
// The same into a file, which appears complete or not at all (AtomicFile).
void write_png(const std::filesystem::path& path, const Array& image, const PngText& text = {});

// All text chunks (tEXt, zTXt, iTXt) as UTF-8; of equal keywords the last one wins. Pixels are not
// decoded. Throws bad_file if the file is no PNG.
[[nodiscard]] std::map<std::string, std::string> read_png_text(const std::filesystem::path& path);
[[nodiscard]] std::map<std::string, std::string> decode_png_text(std::span<const std::byte> bytes,
                                                                 const std::string& name);

}  // namespace sagitta::io
