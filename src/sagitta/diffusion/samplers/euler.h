// Euler's method on the probability flow, plain, with fresh noise (ancestral), and in the CFG++
// form (Chung et al. 2024), which renoises with the unguided prediction's noise.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

struct EulerAncestralParams {
  double eta = 1;
  double s_noise = 1;
  static constexpr auto fields() {
    return std::tuple{field("eta", &EulerAncestralParams::eta, {.max = 100, .step = 0.01},
                            "Share of the noise that is drawn anew in each step."),
                      field("s_noise", &EulerAncestralParams::s_noise, {.max = 100, .step = 0.01},
                            "Factor on the fresh noise.")};
  }
};

[[nodiscard]] Array euler(const SamplerRun& run, Array x);
[[nodiscard]] Array euler_ancestral(const SamplerRun& run, Array x,
                                    const EulerAncestralParams& params);
[[nodiscard]] Array euler_cfg_pp(const SamplerRun& run, Array x);
// Euler's method along (x + uncond - 2 denoised) / sigma.
[[nodiscard]] Array euler_cfg_pp_alternative(const SamplerRun& run, Array x);
[[nodiscard]] Array euler_ancestral_cfg_pp(const SamplerRun& run, Array x,
                                           const EulerAncestralParams& params);

}  // namespace sagitta::sampling
