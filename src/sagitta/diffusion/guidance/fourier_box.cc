#include "sagitta/diffusion/guidance/fourier_box.h"

#include <algorithm>
#include <complex>
#include <numbers>
#include <vector>

namespace sagitta {
namespace {

using Complex = std::complex<double>;

// The waves exp(2 pi i k n / size) of the frequencies k in the box, k-major. In a spectrum whose
// zero frequency has been moved to size / 2, the box is [size / 2 - cutoff, size / 2 + cutoff).
std::vector<Complex> waves(std::int64_t size, std::int64_t cutoff) {
  std::vector<Complex> values;
  const std::int64_t centre = size / 2;
  const std::int64_t first = std::max<std::int64_t>(centre - cutoff, 0);
  const std::int64_t last = std::min(centre + cutoff, size);
  for (std::int64_t place = first; place < last; ++place) {
    for (std::int64_t n = 0; n < size; ++n) {
      // Whole turns are taken out first, so that large products keep their precision.
      const std::int64_t phase = ((place - centre) * n % size + size) % size;
      values.push_back(std::polar(
          1.0, 2 * std::numbers::pi * static_cast<double>(phase) / static_cast<double>(size)));
    }
  }
  return values;
}

// The part of a plane that lies in the box, through its spectrum there.
class BoxPart {
 public:
  BoxPart(std::int64_t height, std::int64_t width, const FourierBox& box)
      : height_(static_cast<std::size_t>(height)),
        width_(static_cast<std::size_t>(width)),
        rows_(waves(height, box.rows)),
        cols_(waves(width, box.cols)),
        row_count_(rows_.size() / height_),
        col_count_(cols_.size() / width_),
        by_row_(height_ * col_count_),
        spectrum_(row_count_ * col_count_) {}

  // Adds factor times the real part of what plane has in the box to out.
  void add(const float* plane, double factor, float* out) {
    transform(plane);
    const double norm = factor / static_cast<double>(height_ * width_);
    for (std::size_t y = 0; y < height_; ++y) {
      for (std::size_t k = 0; k < col_count_; ++k) {
        Complex sum = 0;
        for (std::size_t r = 0; r < row_count_; ++r) {
          sum += spectrum_[r * col_count_ + k] * rows_[r * height_ + y];
        }
        by_row_[k] = sum * norm;
      }
      for (std::size_t x = 0; x < width_; ++x) {
        double value = 0;
        for (std::size_t k = 0; k < col_count_; ++k) {
          value += (by_row_[k] * cols_[k * width_ + x]).real();
        }
        out[y * width_ + x] += static_cast<float>(value);
      }
    }
  }

 private:
  void transform(const float* plane) {
    for (std::size_t y = 0; y < height_; ++y) {
      for (std::size_t k = 0; k < col_count_; ++k) {
        Complex sum = 0;
        for (std::size_t x = 0; x < width_; ++x) {
          sum += std::conj(cols_[k * width_ + x]) * static_cast<double>(plane[y * width_ + x]);
        }
        by_row_[y * col_count_ + k] = sum;
      }
    }
    for (std::size_t r = 0; r < row_count_; ++r) {
      for (std::size_t k = 0; k < col_count_; ++k) {
        Complex sum = 0;
        for (std::size_t y = 0; y < height_; ++y) {
          sum += std::conj(rows_[r * height_ + y]) * by_row_[y * col_count_ + k];
        }
        spectrum_[r * col_count_ + k] = sum;
      }
    }
  }

  std::size_t height_;
  std::size_t width_;
  std::vector<Complex> rows_;  // (row_count, height)
  std::vector<Complex> cols_;  // (col_count, width)
  std::size_t row_count_;
  std::size_t col_count_;
  std::vector<Complex> by_row_;    // (height, col_count): the plane's rows, transformed
  std::vector<Complex> spectrum_;  // (row_count, col_count)
};

}  // namespace

Array scale_frequencies(const Array& x, const FourierBox& box) {
  const std::int64_t height = x.dim(x.rank() - 2);
  const std::int64_t width = x.dim(x.rank() - 1);
  const auto cells = static_cast<std::size_t>(height * width);
  BoxPart part(height, width, box);
  Array out = x * box.outside;
  for (std::size_t at = 0; at < x.size(); at += cells) {
    part.add(x.data() + at, static_cast<double>(box.inside) - box.outside, out.data() + at);
  }
  return out;
}

}  // namespace sagitta
