// Decoders that load_image chooses from.
#pragma once

#include "sagitta/io/image.h"

namespace sagitta::io {

// Any JPEG that libjpeg reads: gray, YCbCr, RGB, CMYK, progressive. Upright.
[[nodiscard]] bool is_jpeg(std::span<const std::byte> bytes);
[[nodiscard]] Image decode_jpeg(std::span<const std::byte> bytes, const std::string& name);

// Lossy or lossless WebP with or without alpha; the first picture of an animation. Upright.
[[nodiscard]] bool is_webp(std::span<const std::byte> bytes);
[[nodiscard]] Image decode_webp(std::span<const std::byte> bytes, const std::string& name);

// Throws bad_file if a picture of this size is beyond the limits in image.h.
void require_image_size(std::int64_t height, std::int64_t width, const std::string& name);

}  // namespace sagitta::io
