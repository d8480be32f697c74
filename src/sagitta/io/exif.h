// Which way up a picture is, from its EXIF data.
#pragma once

#include "sagitta/io/image.h"

#include <cstddef>
#include <span>

namespace sagitta::io {

// The orientation tag, 1 to 8, of the first directory of a TIFF structure (with or without the
// "Exif\0\0" that precedes it in JPEG files); 1 (upright) if there is none or the data are broken.
[[nodiscard]] int exif_orientation(std::span<const std::byte> data);

// The picture turned and mirrored upright from the given orientation, alpha included.
[[nodiscard]] Image oriented(Image image, int orientation);

}  // namespace sagitta::io
