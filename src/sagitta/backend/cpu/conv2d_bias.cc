#include "sagitta/backend/cpu/conv2d_bias.h"

#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights.h"

namespace sagitta::cpu {
namespace {

template <class T>
void add_row(const float* bias, const T* row, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = to_float(row[i]) + (bias == nullptr ? 0.0F : bias[i]);
  }
}

}  // namespace

void sample_bias(const float* bias, const Tensor& row_bias, std::int64_t sample,
                 std::span<float> out) {
  const auto first = static_cast<std::size_t>(sample) * out.size();
  if (row_bias.dtype() == DType::bf16) {
    add_row(bias, row_bias.data<Bf16>() + first, out);
  } else {
    add_row(bias, row_bias.data<float>() + first, out);
  }
}

SampleBiases::SampleBiases(const Conv2dArgs& args, Device& device)
    : first_(args.bias == nullptr ? nullptr : vector_values(*args.bias)) {
  if (args.row_bias == nullptr) return;
  const std::int64_t samples = args.row_bias->dim(0);
  step_ = args.row_bias->dim(1);
  const auto channels = static_cast<std::size_t>(step_);
  own_.emplace(device, static_cast<std::size_t>(samples) * channels * sizeof(float));
  auto* const rows = static_cast<float*>(own_->data());
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    sample_bias(first_, *args.row_bias, sample, {rows + sample * step_, channels});
  }
  first_ = rows;
}

}  // namespace sagitta::cpu
