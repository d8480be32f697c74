// Pictures as the nodes see them: pixels (1, H, W, 3) in 0..1 with red, green, blue last.
#pragma once

#include "sagitta/core/array.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sagitta::io {

struct Image {
  Array pixels;                // (1, H, W, 3) in 0..1, not multiplied by alpha
  std::optional<Array> alpha;  // (H, W) in 0..1, 1 = opaque; absent if the file has none
};

// Pictures beyond these limits are refused before anything is allocated for them.
inline constexpr std::int64_t kMaxImageSide = 32768;
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 27U;

// Reads a PNG, JPEG or WebP file, recognised by its first bytes and not by its name. The EXIF
// orientation is applied. Throws bad_file if the file is missing, broken or none of these.
[[nodiscard]] Image load_image(const std::filesystem::path& path);
// The same for a file in memory; `name` stands for it in messages.
[[nodiscard]] Image decode_image(std::span<const std::byte> bytes, const std::string& name);

// 255 * value, clipped to 0..255 and cut (not rounded) to whole numbers, as ComfyUI saves pictures.
// NaN becomes 0.
[[nodiscard]] std::vector<std::uint8_t> to_bytes(std::span<const float> values);

}  // namespace sagitta::io
