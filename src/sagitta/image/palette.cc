#include "sagitta/image/palette.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <limits>

namespace sagitta {
namespace {

constexpr std::size_t kChannels = 3;
constexpr unsigned kCellBits = 2;  // of a level, which a cell leaves out
constexpr std::size_t kCellsPerSide = 64;
constexpr std::int16_t kUnknown = -1;

Colour pixel_at(const Bytes& picture, std::size_t pixel) {
  const std::uint8_t* from = picture.values.data() + pixel * kChannels;
  return {from[0], from[1], from[2]};
}

void put(Bytes& picture, std::size_t pixel, const Colour& colour) {
  std::ranges::copy(colour,
                    picture.values.begin() + static_cast<std::ptrdiff_t>(pixel * kChannels));
}

std::uint8_t to_level(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void require_colours(const Bytes& picture) {
  require(picture.channels == kChannels, Fault::internal, "a picture of {} channels, expected {}",
          picture.channels, kChannels);
}

// Values between -1/2 and 1/2 in an order in which neighbours are far apart: a square of the next
// smaller pattern, whose cells are refined by (-1.5, 0.5; 1.5, -0.5) / side^2.
std::vector<float> bayer_pattern(std::int64_t side) {
  if (side == 1) return {0};
  const std::int64_t half = side / 2;
  const std::vector<float> coarse = bayer_pattern(half);
  const auto cells = static_cast<float>(side * side);
  std::vector<float> pattern(static_cast<std::size_t>(side * side));
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      const float base = cells * coarse[static_cast<std::size_t>((y % half) * half + x % half)];
      const float offset = y < half ? (x < half ? -1.5F : 0.5F) : (x < half ? 1.5F : -0.5F);
      pattern[static_cast<std::size_t>(y * side + x)] = (base + offset) / cells;
    }
  }
  return pattern;
}

}  // namespace

PaletteMap::PaletteMap(Palette palette)
    : palette_(std::move(palette)),
      known_(kCellsPerSide * kCellsPerSide * kCellsPerSide, kUnknown) {
  require(!palette_.empty() && palette_.size() <= 256, Fault::internal, "a palette of {} colours",
          palette_.size());
}

const Colour& PaletteMap::nearest(const Colour& colour) {
  std::size_t cell = 0;
  for (const unsigned level : colour) cell = cell * kCellsPerSide + (level >> kCellBits);
  std::int16_t& index = known_[cell];
  if (index == kUnknown) {
    int least = std::numeric_limits<int>::max();
    for (std::size_t i = 0; i < palette_.size(); ++i) {
      int distance = 0;
      for (std::size_t c = 0; c < kChannels; ++c) {
        const int corner = colour[c] >> kCellBits << kCellBits;
        const int difference = corner - palette_[i][c];
        distance += difference * difference;
      }
      if (distance < least) {
        least = distance;
        index = static_cast<std::int16_t>(i);
      }
    }
  }
  return palette_[static_cast<std::size_t>(index)];
}

Bytes draw_nearest(const Bytes& picture, const Palette& palette) {
  require_colours(picture);
  PaletteMap map(palette);
  Bytes out = picture;
  for (std::size_t i = 0; i < picture.values.size() / kChannels; ++i) {
    put(out, i, map.nearest(pixel_at(picture, i)));
  }
  return out;
}

Bytes draw_diffused(const Bytes& picture, const Palette& palette) {
  require_colours(picture);
  using Errors = std::array<int, kChannels>;
  PaletteMap map(palette);
  Bytes out = picture;
  const auto width = static_cast<std::size_t>(picture.width);
  // In sixteenths. below[x + 1] is what the row above left for pixel x.
  std::vector<Errors> below(width + 1);
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
    Errors last{};    // the error of the pixel to the left
    Errors before{};  // and of the one before that
    for (std::size_t x = 0; x < width; ++x) {
      Colour wanted = pixel_at(picture, y * width + x);
      for (std::size_t c = 0; c < kChannels; ++c) {
        wanted[c] = to_level(wanted[c] + (7 * last[c] + below[x + 1][c]) / 16);
      }
      const Colour& drawn = map.nearest(wanted);
      put(out, y * width + x, drawn);
      for (std::size_t c = 0; c < kChannels; ++c) {
        const int error = wanted[c] - drawn[c];
        below[x][c] = 3 * error + 5 * last[c] + before[c];
        before[c] = last[c];
        last[c] = error;
      }
    }
    // Under the last pixel Pillow leaves three figures of blue, one for each channel.
    const int blue = last[kChannels - 1];
    below[width] = {5 * blue + before[kChannels - 1], blue, blue};
  }
  return out;
}

Bytes draw_ordered(const Bytes& picture, const Palette& palette, std::int64_t side) {
  require(side == 2 || side == 4 || side == 8 || side == 16, Fault::bad_input,
          "there is no dithering pattern of side {}", side);
  const std::vector<float> pattern = bayer_pattern(side);
  const float spread = 2.0F * 256 / static_cast<float>(palette.size());
  Bytes shifted = picture;
  std::size_t i = 0;
  for (std::int64_t y = 0; y < picture.height; ++y) {
    for (std::int64_t x = 0; x < picture.width; ++x) {
      const float offset =
          spread * pattern[static_cast<std::size_t>((y % side) * side + x % side)] + 0.5F;
      for (std::int64_t c = 0; c < picture.channels; ++c, ++i) {
        const float value = static_cast<float>(picture.values[i]) + offset;
        shifted.values[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
      }
    }
  }
  return draw_nearest(shifted, palette);
}

}  // namespace sagitta
