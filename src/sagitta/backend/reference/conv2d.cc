#include "sagitta/backend/reference/kernels.h"

#include <algorithm>
#include <vector>

namespace sagitta::reference {
namespace {

// x, enlarged by nearest neighbour.
void enlarge(const Tensor& x, std::int64_t height, std::int64_t width, float* to) {
  const std::int64_t channels = x.dim(3);
  for (std::int64_t b = 0; b < x.dim(0); ++b) {
    for (std::int64_t i = 0; i < height; ++i) {
      const std::int64_t row = b * x.dim(1) + i * x.dim(1) / height;
      for (std::int64_t j = 0; j < width; ++j) {
        const std::int64_t column = j * x.dim(2) / width;
        to = std::copy_n(x.data<float>() + (row * x.dim(2) + column) * channels, channels, to);
      }
    }
  }
}

}  // namespace

void upsample_conv2d(const UpsampleConv2dArgs& args, Tensor& out) {
  Tensor large(args.x.device(), {out.dim(0), out.dim(1), out.dim(2), args.x.dim(3)});
  enlarge(args.x, out.dim(1), out.dim(2), large.data<float>());
  conv2d({.x = large, .weight = args.weight, .bias = args.bias, .pad_before = 1, .pad_after = 1},
         out);
}

void conv2d(const Conv2dArgs& args, Tensor& out) {
  const Array& weight = values_of(args.weight);  // (KH, KW, C, O)
  const std::int64_t height = args.x.dim(1);
  const std::int64_t width = args.x.dim(2);
  const std::int64_t channels = args.x.dim(3);
  const std::int64_t outs = out.dim(3);
  const float* residual = args.residual != nullptr ? args.residual->data<float>() : nullptr;
  float* target = out.data<float>();

  std::vector<double> sum(static_cast<std::size_t>(outs));
  for (std::int64_t b = 0; b < out.dim(0); ++b) {
    for (std::int64_t y = 0; y < out.dim(1); ++y) {
      for (std::int64_t x = 0; x < out.dim(2); ++x) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::int64_t ky = 0; ky < weight.dim(0); ++ky) {
          const std::int64_t from_y = y * args.stride + ky - args.pad_before;
          if (from_y < 0 || from_y >= height) continue;
          for (std::int64_t kx = 0; kx < weight.dim(1); ++kx) {
            const std::int64_t from_x = x * args.stride + kx - args.pad_before;
            if (from_x < 0 || from_x >= width) continue;
            const float* in =
                args.x.data<float>() + ((b * height + from_y) * width + from_x) * channels;
            const float* taps = weight.data() + (ky * weight.dim(1) + kx) * channels * outs;
            for (std::int64_t c = 0; c < channels; ++c) {
              const double value = in[c];
              for (double& one : sum) one += value * *taps++;
            }
          }
        }
        for (std::int64_t o = 0; o < outs; ++o) {
          double value = sum[static_cast<std::size_t>(o)];
          if (args.bias != nullptr) value += values_of(*args.bias).data()[o];
          if (args.row_bias != nullptr) value += args.row_bias->data<float>()[b * outs + o];
          if (residual != nullptr) value += *residual++;
          *target++ = static_cast<float>(value);
        }
      }
    }
  }
}

}  // namespace sagitta::reference
