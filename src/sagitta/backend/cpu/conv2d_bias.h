// The biases of a convolution: one per channel, and what is added for each sample (the time
// embedding).
#pragma once

#include "sagitta/backend/cpu/context.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

#include <optional>
#include <span>

namespace sagitta::cpu {

// out = bias (or nothing, where it is null) + the sample's row of row_bias, a value per channel.
void sample_bias(const float* bias, const Tensor& row_bias, std::int64_t sample,
                 std::span<float> out);

// The bias of each sample of a convolution; one for all where there is no row bias.
class SampleBiases {
 public:
  SampleBiases(const Conv2dArgs& args, Device& device);

  // Null where there is no bias at all.
  [[nodiscard]] const float* of(std::int64_t sample) const {
    return first_ == nullptr ? nullptr : first_ + sample * step_;
  }
  // From one sample's to the next one's.
  [[nodiscard]] std::int64_t step() const { return step_; }

 private:
  std::optional<PoolBlock> own_;
  const float* first_ = nullptr;
  std::int64_t step_ = 0;
};

}  // namespace sagitta::cpu
