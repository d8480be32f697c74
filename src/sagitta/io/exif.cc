#include "sagitta/io/exif.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace sagitta::io {
namespace {

constexpr unsigned kOrientationTag = 0x0112;
constexpr unsigned kShortType = 3;

// Bounds-checked numbers of a TIFF structure; reading outside gives 0.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> data)
      : data_(data), big_endian_(data[0] == std::byte{'M'}) {}

  [[nodiscard]] std::uint32_t number(std::size_t offset, std::size_t size) const {
    if (offset > data_.size() || size > data_.size() - offset) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = big_endian_ ? i : size - 1 - i;
      value = (value << 8U) | std::to_integer<std::uint32_t>(data_[offset + place]);
    }
    return value;
  }

 private:
  std::span<const std::byte> data_;
  bool big_endian_;
};

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
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  if (text.starts_with(kPrefix)) data = data.subspan(kPrefix.size());
  constexpr std::size_t kHeader = 8;
  if (data.size() < kHeader) return 1;
  const std::string_view order(reinterpret_cast<const char*>(data.data()), 2);
  if (order != "II" && order != "MM") return 1;

  const Tiff tiff(data);
  if (tiff.number(2, 2) != 42) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t count = tiff.number(directory, 2);
  constexpr std::size_t kEntry = 12;  // tag 2, type 2, count 4, value 4
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = directory + 2 + i * kEntry;
    if (tiff.number(entry, 2) != kOrientationTag) continue;
    if (tiff.number(entry + 2, 2) != kShortType) return 1;
    const auto orientation = static_cast<int>(tiff.number(entry + 8, 2));
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
