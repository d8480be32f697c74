#include "sagitta/diffusion/differential.h"

#include <algorithm>

namespace sagitta {

Model with_differential_diffusion(Model model, const DifferentialParams& params) {
  // Upstream takes strength 0 for full strength.
  const float share = params.strength == 0 ? 1.0F : std::min(params.strength, 1.0F);
  model.noise_mask = [sampling = model.sampling, share](const Array& mask, float sigma,
                                                        std::span<const float> sigmas) {
    const float first = sampling.timestep(sigmas.front());
    const float last = sampling.timestep(std::max(sigmas.back(), sampling.sigma_min()));
    const float left = (sampling.timestep(sigma) - last) / (first - last);
    Array active = mask;
    for (float& value : active.values()) {
      value = share * (value >= left ? 1.0F : 0.0F) + (1 - share) * value;
    }
    return active;
  };
  return model;
}

}  // namespace sagitta
