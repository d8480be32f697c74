// What a picture says about how it was made, whatever its format.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace sagitta::io {

// PNG, JPEG or WebP, recognised by the first bytes.
[[nodiscard]] bool is_picture(std::span<const std::byte> bytes);

// The text chunks of a PNG (png.h) and the texts in the EXIF data of any of the formats
// (exif_text.h); chunks win. Throws bad_file if the file is no picture or a broken PNG.
[[nodiscard]] std::map<std::string, std::string> decode_picture_text(
    std::span<const std::byte> bytes, const std::string& name);

}  // namespace sagitta::io
