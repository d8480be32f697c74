// Pictures in the format that a name asks for, with what they say about how they were made.
#pragma once

#include "sagitta/io/png.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

namespace sagitta::io {

enum class PictureFormat { png, jpeg, webp };

// By the ending .png, .jpg, .jpeg or .webp in any case; nothing for others.
[[nodiscard]] std::optional<PictureFormat> format_of(const std::filesystem::path& path);

// An image (1, H, W, 3) or (H, W, 3), lossy but close in JPEG and WebP. PNG takes any texts; the
// others take "parameters", "prompt" and "workflow" in their EXIF data (exif_text.h), of which JPEG
// holds 64 kB: what does not fit is left out with a warning. Throws bad_input for a size that the
// format cannot hold.
[[nodiscard]] std::vector<std::byte> encode_picture(const Array& image, PictureFormat format,
                                                    const PngText& text = {});

}  // namespace sagitta::io
