#include "sagitta/image/colour_transfer.h"

#include "sagitta/base/error.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/lab.h"
#include "sagitta/image/matrix3.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace sagitta {
namespace {

constexpr double kLeast = 1e-6;  // a spread below this counts as this
constexpr std::size_t kSteps = 256;
constexpr std::size_t kChannels = 3;

using Change = std::function<Vector3(const Vector3&)>;  // of one pixel

Vector3 pixel_at(const Array& images, std::size_t pixel) {
  const float* at = images.data() + pixel * kChannels;
  return {at[0], at[1], at[2]};
}

std::size_t pixels_of(const Array& images) { return images.size() / kChannels; }

struct Statistics {
  Vector3 mean{};
  Matrix3 covariance{};
};

Statistics statistics_of(const Array& images) {
  Statistics found;
  const auto count = static_cast<double>(pixels_of(images));
  for (std::size_t i = 0; i < pixels_of(images); ++i) {
    const Vector3 lab = rgb_to_lab(pixel_at(images, i));
    for (std::size_t c = 0; c < kChannels; ++c) found.mean[c] += lab[c] / count;
  }
  for (std::size_t i = 0; i < pixels_of(images); ++i) {
    const Vector3 lab = rgb_to_lab(pixel_at(images, i));
    for (std::size_t r = 0; r < kChannels; ++r) {
      for (std::size_t c = 0; c < kChannels; ++c) {
        found.covariance[r][c] += (lab[r] - found.mean[r]) * (lab[c] - found.mean[c]) / count;
      }
    }
  }
  return found;
}

// The ratio of the spreads of each channel.
Matrix3 spread_ratio(const Matrix3& source, const Matrix3& reference) {
  const auto spread = [](double variance) { return std::max(std::sqrt(variance), kLeast); };
  Vector3 ratio{};
  for (std::size_t c = 0; c < kChannels; ++c)
    ratio[c] = spread(reference[c][c]) / spread(source[c][c]);
  return diagonal(ratio);
}

// The symmetric T for which T source T is reference.
Matrix3 monge_kantorovich(const Matrix3& source, const Matrix3& reference) {
  const Eigen own = eigen_of_symmetric(source);
  Vector3 root{};
  Vector3 inverse{};
  for (std::size_t i = 0; i < kChannels; ++i) {
    root[i] = std::max(std::sqrt(std::max(own.values[i], 0.0)), kLeast);
    inverse[i] = 1 / root[i];
  }
  const Matrix3 scaled = product(own.vectors, diagonal(root));
  const Eigen middle = eigen_of_symmetric(product(transposed(scaled), product(reference, scaled)));
  Vector3 half{};
  for (std::size_t i = 0; i < kChannels; ++i) half[i] = std::sqrt(std::max(middle.values[i], 0.0));
  const Matrix3 moved =
      product(middle.vectors, product(diagonal(half), transposed(middle.vectors)));
  const Matrix3 back = product(own.vectors, diagonal(inverse));
  return product(back, product(moved, transposed(back)));
}

Change lab_change(const Array& source, const Array& reference, const ColourTransfer& transfer) {
  const Statistics from = statistics_of(source);
  const Statistics to = statistics_of(reference);
  const Matrix3 map = transfer.method == ColourMethod::reinhard_lab
                          ? spread_ratio(from.covariance, to.covariance)
                          : monge_kantorovich(from.covariance, to.covariance);
  return [=, strength = static_cast<double>(transfer.strength)](const Vector3& rgb) {
    Vector3 lab = rgb_to_lab(rgb);
    const Vector3 moved =
        product(map, Vector3{lab[0] - from.mean[0], lab[1] - from.mean[1], lab[2] - from.mean[2]});
    for (std::size_t c = 0; c < kChannels; ++c)
      lab[c] += strength * (moved[c] + to.mean[c] - lab[c]);
    return lab_to_rgb(lab);
  };
}

std::size_t step_of(double value) {
  return static_cast<std::size_t>(
      std::clamp(value * (kSteps - 1), 0.0, static_cast<double>(kSteps - 1)));
}

using Distribution = std::array<std::array<float, kSteps>, kChannels>;  // cumulative, ends at 1

Distribution distribution_of(const Array& images) {
  std::array<std::array<std::int64_t, kSteps>, kChannels> counts{};
  for (std::size_t i = 0; i < images.size(); ++i) ++counts[i % kChannels][step_of(images[i])];
  Distribution found{};
  for (std::size_t c = 0; c < kChannels; ++c) {
    std::int64_t sum = 0;
    for (std::size_t s = 0; s < kSteps; ++s) {
      sum += counts[c][s];
      found[c][s] = static_cast<float>(sum) / static_cast<float>(pixels_of(images));
    }
  }
  return found;
}

Change histogram_change(const Array& source, const Array& reference,
                        const ColourTransfer& transfer) {
  const Distribution from = distribution_of(source);
  const Distribution to = distribution_of(reference);
  Distribution table{};
  for (std::size_t c = 0; c < kChannels; ++c) {
    for (std::size_t s = 0; s < kSteps; ++s) {
      const auto step = std::lower_bound(to[c].begin(), to[c].end(), from[c][s]) - to[c].begin();
      table[c][s] = static_cast<float>(std::min<std::ptrdiff_t>(step, kSteps - 1)) / (kSteps - 1);
    }
  }
  return [=, strength = static_cast<double>(transfer.strength)](const Vector3& rgb) {
    Vector3 out = rgb;
    for (std::size_t c = 0; c < kChannels; ++c) {
      out[c] = std::clamp(rgb[c] + strength * (table[c][step_of(rgb[c])] - rgb[c]), 0.0, 1.0);
    }
    return out;
  };
}

Change make_change(const Array& source, const Array& reference, const ColourTransfer& transfer) {
  return transfer.method == ColourMethod::histogram ? histogram_change(source, reference, transfer)
                                                    : lab_change(source, reference, transfer);
}

void apply(const Change& change, Array& images, std::int64_t first, std::int64_t count) {
  const std::size_t pixels = pixels_of(images) / static_cast<std::size_t>(images.dim(0));
  const auto begin = static_cast<std::size_t>(first) * pixels;
  for (std::size_t i = begin; i < begin + static_cast<std::size_t>(count) * pixels; ++i) {
    const Vector3 changed = change(pixel_at(images, i));
    for (std::size_t c = 0; c < kChannels; ++c)
      images[i * kChannels + c] = static_cast<float>(changed[c]);
  }
}

template <class Enum>
Enum named(const std::vector<std::string>& names, std::string_view name, const char* what) {
  const auto it = std::ranges::find(names, name);
  require(it != names.end(), Fault::bad_input, "there is no {} \"{}\"", what, name);
  return static_cast<Enum>(it - names.begin());
}

}  // namespace

const std::vector<std::string>& colour_method_names() {
  static const std::vector<std::string> names{"reinhard_lab", "mkl_lab", "histogram"};
  return names;
}

const std::vector<std::string>& colour_source_names() {
  static const std::vector<std::string> names{"per_frame", "uniform", "target_frame"};
  return names;
}

ColourMethod colour_method(std::string_view name) {
  return named<ColourMethod>(colour_method_names(), name, "method of colour transfer");
}

ColourSource colour_source(std::string_view name) {
  return named<ColourSource>(colour_source_names(), name, "source of colour statistics");
}

Array transfer_colours(const Array& images, const Array& reference,
                       const ColourTransfer& transfer) {
  for (const Array* one : {&images, &reference}) {
    require_images(*one);
    require(one->dim(3) == kChannels, Fault::bad_input,
            "colours are transferred between pictures of 3 channels, got {}", one->dim(3));
  }
  Array out = images;
  if (transfer.strength == 0) return out;
  const std::int64_t batch = images.dim(0);
  if (transfer.source != ColourSource::per_frame) {
    const std::int64_t frame = std::clamp<std::int64_t>(transfer.frame, 0, batch - 1);
    const Array source = transfer.source == ColourSource::uniform ? images : images.slice(frame, 1);
    apply(make_change(source, reference, transfer), out, 0, batch);
    return out;
  }
  for (std::int64_t i = 0; i < batch; ++i) {
    const Array beside = reference.slice(std::min(i, reference.dim(0) - 1), 1);
    apply(make_change(images.slice(i, 1), beside, transfer), out, i, 1);
  }
  return out;
}

}  // namespace sagitta
