// ControlNet (Zhang et al. 2023): a copy of a UNet's way down that also sees a hint picture. What its
// blocks find is added to the UNet's skip connections.
#pragma once

#include "sagitta/models/spec.h"
#include "sagitta/models/unet/encoder.h"
#include "sagitta/models/unet/unet.h"

#include <vector>

namespace sagitta::models {

class ControlNet {
 public:
  explicit ControlNet(ControlNetSpec spec);
  void params(ParamVisitor& visit);
  [[nodiscard]] const ControlNetSpec& spec() const { return spec_; }

  // Pictures (N, 8 H, 8 W, hint_channels) as features (N, H, W, model_channels).
  [[nodiscard]] Tensor encode_hint(const Tensor& pictures) const;

  // The residuals for a UNet that is called with the same input; hint: (B, H, W, model_channels), as
  // encode_hint() gives them. The ControlNet sees the first in_channels channels of the input.
  [[nodiscard]] ControlResiduals operator()(const UnetInput& input, const Tensor& hint) const;

 private:
  ControlNetSpec spec_;
  UnetEncoder encoder_;
  std::vector<Conv3x3> hint_;
  std::vector<Linear> zero_;  // 1x1 convolutions behind the input blocks, zero before training
  Linear middle_zero_;
};

}  // namespace sagitta::models
