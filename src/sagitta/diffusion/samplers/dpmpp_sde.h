// DPM-Solver++ (2S) for the reverse SDE: two predictions per step, with noise from a Brownian path.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

struct DpmppSdeParams {
  double eta = 1;
  double s_noise = 1;
  double r = 0.5;
  static constexpr auto fields() {
    return std::tuple{field("eta", &DpmppSdeParams::eta, {.max = 100, .step = 0.01},
                            "Share of the noise that is drawn anew in each step."),
                      field("s_noise", &DpmppSdeParams::s_noise, {.max = 100, .step = 0.01},
                            "Factor on the fresh noise."),
                      field("r", &DpmppSdeParams::r, {.max = 100, .step = 0.01},
                            "Where in a step, in log sigma, the second prediction lies.")};
  }
};

// r must be positive (bad_input otherwise).
[[nodiscard]] Array dpmpp_sde(const SamplerRun& run, Array x, const DpmppSdeParams& params);

}  // namespace sagitta::sampling
