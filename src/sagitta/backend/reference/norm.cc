#include "sagitta/backend/reference/kernels.h"

#include <cmath>

namespace sagitta::reference {

void group_norm(const GroupNormArgs& args, Tensor& out) {
  const std::int64_t positions = args.x.dim(1) * args.x.dim(2);
  const std::int64_t channels = args.x.dim(3);
  const std::int64_t per_group = channels / args.groups;
  const auto count = static_cast<double>(positions * per_group);
  for (std::int64_t b = 0; b < args.x.dim(0); ++b) {
    const float* x = args.x.data<float>() + b * positions * channels;
    float* target = out.data<float>() + b * positions * channels;
    for (std::int64_t first = 0; first < channels; first += per_group) {
      double sum = 0;
      for (std::int64_t p = 0; p < positions; ++p) {
        for (std::int64_t c = first; c < first + per_group; ++c) sum += x[p * channels + c];
      }
      const double mean = sum / count;
      double squares = 0;
      for (std::int64_t p = 0; p < positions; ++p) {
        for (std::int64_t c = first; c < first + per_group; ++c) {
          const double distance = x[p * channels + c] - mean;
          squares += distance * distance;
        }
      }
      const double deviation = std::sqrt(squares / count + args.eps);
      for (std::int64_t p = 0; p < positions; ++p) {
        for (std::int64_t c = first; c < first + per_group; ++c) {
          const double normal = (x[p * channels + c] - mean) / deviation;
          const double value =
              normal * values_of(args.gamma).data()[c] + values_of(args.beta).data()[c];
          target[p * channels + c] =
              static_cast<float>(activated(args.silu ? Activation::silu : Activation::none, value));
        }
      }
    }
  }
}

void layer_norm(const LayerNormArgs& args, Tensor& out) {
  const std::int64_t channels = args.x.shape().back();
  for (std::int64_t r = 0; r < args.x.size() / channels; ++r) {
    const float* x = args.x.data<float>() + r * channels;
    double sum = 0;
    for (std::int64_t c = 0; c < channels; ++c) sum += x[c];
    const double mean = sum / static_cast<double>(channels);
    double squares = 0;
    for (std::int64_t c = 0; c < channels; ++c) squares += (x[c] - mean) * (x[c] - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(channels) + args.eps);
    for (std::int64_t c = 0; c < channels; ++c) {
      const double normal = (x[c] - mean) / deviation;
      out.data<float>()[r * channels + c] = static_cast<float>(
          normal * values_of(args.gamma).data()[c] + values_of(args.beta).data()[c]);
    }
  }
}

}  // namespace sagitta::reference
