// Pictures with few colours: choosing them, and drawing with them, as Pillow does both.
#pragma once

#include "sagitta/image/bytes.h"

#include <array>
#include <cstdint>
#include <vector>

namespace sagitta {

using Colour = std::array<std::uint8_t, 3>;
using Palette = std::vector<Colour>;

// Up to `colours` colours of a picture with three channels, by median cut: of the boxes of colours
// that hold more than one, that with the most pixels is cut along its longest side (weighted by
// luminance) where half of the pixels lie on either side; each box gives its mean.
[[nodiscard]] Palette median_cut(const Bytes& picture, std::int64_t colours);

// The nearest colours, each looked up at the corner of a cell of 4x4x4 levels.
class PaletteMap {
 public:
  explicit PaletteMap(Palette palette);
  [[nodiscard]] const Colour& nearest(const Colour& colour);

 private:
  Palette palette_;
  std::vector<std::int16_t> known_;  // by cell; negative: not looked up yet
};

// A picture with three channels in those colours.
[[nodiscard]] Bytes draw_nearest(const Bytes& picture, const Palette& palette);
// The same, where the error of each pixel is spread to the right and below (Floyd and Steinberg).
[[nodiscard]] Bytes draw_diffused(const Bytes& picture, const Palette& palette);
// The same, where a pattern of side 2, 4, 8 or 16 is added first (Bayer).
[[nodiscard]] Bytes draw_ordered(const Bytes& picture, const Palette& palette, std::int64_t side);

}  // namespace sagitta
