// The decoders that load_image chooses from, and encoders for picture_write.h.
#pragma once

#include "sagitta/io/image.h"

namespace sagitta::io {

// Any JPEG that libjpeg reads: gray, YCbCr, RGB, CMYK, progressive. Upright.
[[nodiscard]] bool is_jpeg(std::span<const std::byte> bytes);
[[nodiscard]] Image decode_jpeg(std::span<const std::byte> bytes, const std::string& name);

// Lossy or lossless WebP with or without alpha; the first picture of an animation. Upright.
[[nodiscard]] bool is_webp(std::span<const std::byte> bytes);
[[nodiscard]] Image decode_webp(std::span<const std::byte> bytes, const std::string& name);

// The EXIF data of a file, empty if there are none.
[[nodiscard]] std::span<const std::byte> find_jpeg_exif(std::span<const std::byte> bytes);
[[nodiscard]] std::span<const std::byte> find_webp_exif(std::span<const std::byte> bytes);

struct Rgb8 {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;
};

inline constexpr std::int64_t kMaxWebpSide = 16383;
inline constexpr std::size_t kMaxJpegExif = 65535 - 2 - 6;  // of a marker, without "Exif\0\0"

// Lossy, with EXIF data (a TIFF structure) unless they are empty.
[[nodiscard]] std::vector<std::byte> encode_jpeg(const Rgb8& rgb, std::span<const std::byte> exif);
[[nodiscard]] std::vector<std::byte> encode_webp(const Rgb8& rgb, std::span<const std::byte> exif);

// Throws bad_file if a picture of this size is beyond the limits in image.h.
void require_image_size(std::int64_t height, std::int64_t width, const std::string& name);

}  // namespace sagitta::io
