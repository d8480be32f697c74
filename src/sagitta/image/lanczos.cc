#include "sagitta/image/lanczos.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sagitta {
namespace {

constexpr double kLobes = 3;
constexpr int kFractionBits = 22;

double sinc(double x) {
  if (x == 0) return 1;
  const double angle = x * std::numbers::pi;
  return std::sin(angle) / angle;
}

double lanczos(double x) { return x >= -kLobes && x < kLobes ? sinc(x) * sinc(x / kLobes) : 0; }

// A run of source cells with their weights in fixed point.
struct Window {
  std::int64_t first = 0;
  std::vector<std::int32_t> weights;
};

std::vector<Window> windows(std::int64_t from, std::int64_t to) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  const double widened = std::max(ratio, 1.0);
  const double reach = kLobes * widened;
  std::vector<Window> all;
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * ratio;
    const auto first = static_cast<std::int64_t>(std::max(centre - reach + 0.5, 0.0));
    const auto end = std::min(static_cast<std::int64_t>(centre + reach + 0.5), from);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t s = first; s < end; ++s) {
      weights.push_back(lanczos((static_cast<double>(s) - centre + 0.5) * (1 / widened)));
      sum += weights.back();
    }
    Window window{.first = first, .weights = {}};
    for (const double weight : weights) {
      const double scaled = (sum == 0 ? weight : weight / sum) * (1 << kFractionBits);
      window.weights.push_back(static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
    }
    all.push_back(std::move(window));
  }
  return all;
}

std::uint8_t to_byte(std::int64_t sum) {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> kFractionBits, 0, 255));
}

// Weighted sums over cells that lie `stride` apart; calls put(i, value) for each target cell.
template <class Put>
void resample(const std::uint8_t* from, std::int64_t stride, const std::vector<Window>& all, Put put) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::int64_t sum = std::int64_t{1} << (kFractionBits - 1);
    const std::uint8_t* cell = from + all[i].first * stride;
    for (const std::int32_t weight : all[i].weights) {
      sum += *cell * std::int64_t{weight};
      cell += stride;
    }
    put(static_cast<std::int64_t>(i), to_byte(sum));
  }
}

Bytes resize_columns(const Bytes& picture, std::int64_t width) {
  if (picture.width == width) return picture;
  Bytes out{.height = picture.height, .width = width, .channels = picture.channels, .values = {}};
  out.values.resize(static_cast<std::size_t>(out.height * width * out.channels));
  const std::vector<Window> across = windows(picture.width, width);
  for (std::int64_t y = 0; y < picture.height; ++y) {
    for (std::int64_t c = 0; c < picture.channels; ++c) {
      std::uint8_t* to = out.values.data() + y * width * out.channels + c;
      resample(picture.values.data() + y * picture.width * picture.channels + c, picture.channels, across,
               [&](std::int64_t i, std::uint8_t value) { to[i * out.channels] = value; });
    }
  }
  return out;
}

Bytes resize_rows(const Bytes& picture, std::int64_t height) {
  if (picture.height == height) return picture;
  Bytes out{.height = height, .width = picture.width, .channels = picture.channels, .values = {}};
  const std::int64_t row = picture.width * picture.channels;
  out.values.resize(static_cast<std::size_t>(height * row));
  const std::vector<Window> down = windows(picture.height, height);
  for (std::int64_t i = 0; i < row; ++i) {
    resample(picture.values.data() + i, row, down, [&](std::int64_t y, std::uint8_t value) {
      out.values[static_cast<std::size_t>(y * row + i)] = value;
    });
  }
  return out;
}

// a * b / 255, rounded.
std::uint8_t times(unsigned a, unsigned b) {
  const unsigned product = a * b + 128;
  return static_cast<std::uint8_t>((product + (product >> 8U)) >> 8U);
}

template <class Change>
void change_colours(Bytes& picture, const Change& change) {
  for (std::size_t i = 0; i < picture.values.size(); i += 4) {
    const unsigned alpha = picture.values[i + 3];
    for (std::size_t c = 0; c < 3; ++c) picture.values[i + c] = change(picture.values[i + c], alpha);
  }
}

}  // namespace

Bytes resize_lanczos(const Bytes& picture, std::int64_t height, std::int64_t width) {
  if (picture.height == height && picture.width == width) return picture;
  if (picture.channels != 4) return resize_rows(resize_columns(picture, width), height);
  Bytes multiplied = picture;
  change_colours(multiplied, [](unsigned value, unsigned alpha) { return times(value, alpha); });
  Bytes resized = resize_rows(resize_columns(multiplied, width), height);
  change_colours(resized, [](unsigned value, unsigned alpha) {
    return static_cast<std::uint8_t>(alpha == 0 ? value : std::min(255U, 255U * value / alpha));
  });
  return resized;
}

Array resize_lanczos(const Array& x, std::int64_t height, std::int64_t width) {
  require(x.rank() == 4 && (x.dim(1) == 1 || x.dim(1) == 3 || x.dim(1) == 4), Fault::bad_input,
          "lanczos resizes pictures (batch, 1, 3 or 4 channels, height, width), got {}",
          to_string(x.shape()));
  const Array images = to_channels_last(x);
  std::vector<Bytes> resized;
  for (std::int64_t b = 0; b < images.dim(0); ++b) {
    resized.push_back(resize_lanczos(to_picture(images, b), height, width));
  }
  return to_channels_first(from_pictures(resized));
}

}  // namespace sagitta
