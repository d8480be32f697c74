#include "sagitta/io/exif.h"

#include "sagitta/io/tiff.h"

#include <utility>

namespace sagitta::io {
namespace {

constexpr unsigned kOrientationTag = 0x0112;

// Element (y, x) of the result comes from (row, column) of a source with channels values per pixel.
template <class Place>
Array rearranged(const Array& source, Shape shape, std::size_t channels, Place place) {
  Array out(std::move(shape));
  const auto height = static_cast<std::size_t>(out.dim(channels == 1 ? 0 : 1));
  const auto width = static_cast<std::size_t>(out.dim(channels == 1 ? 1 : 2));
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t from = place(y, x) * channels;
      const std::size_t to = (y * width + x) * channels;
      for (std::size_t c = 0; c < channels; ++c) out[to + c] = source[from + c];
    }
  }
  return out;
}

}  // namespace

int exif_orientation(std::span<const std::byte> data) {
  const std::optional<Tiff> tiff = Tiff::open(data);
  if (!tiff) return 1;
  for (const Tiff::Entry& entry : tiff->entries(tiff->first_directory())) {
    if (entry.tag != kOrientationTag) continue;
    if (entry.type != Tiff::kShort) return 1;
    const auto orientation = static_cast<int>(tiff->number(entry.place, 2));
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

Image oriented(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const auto rows = static_cast<std::size_t>(image.pixels.dim(1));
  const auto columns = static_cast<std::size_t>(image.pixels.dim(2));
  // 5 to 8 swap the axes. In the source, the column runs backwards for 2, 3, 7, 8 and the row for
  // 3, 4, 6, 7.
  const bool swapped = orientation >= 5;
  const bool columns_back =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool rows_back =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const auto place = [=](std::size_t y, std::size_t x) {
    std::size_t row = swapped ? x : y;
    std::size_t column = swapped ? y : x;
    if (rows_back) row = rows - 1 - row;
    if (columns_back) column = columns - 1 - column;
    return row * columns + column;
  };
  const std::int64_t height = image.pixels.dim(swapped ? 2 : 1);
  const std::int64_t width = image.pixels.dim(swapped ? 1 : 2);
  Image out{.pixels = rearranged(image.pixels, {1, height, width, 3}, 3, place),
            .alpha = std::nullopt};
  if (image.alpha) out.alpha = rearranged(*image.alpha, {height, width}, 1, place);
  return out;
}

}  // namespace sagitta::io
