// DPM-Solver++ multistep for the reverse SDE (Lu et al. 2022; 3M by Crowson): one prediction per
// step, extrapolated with one or two earlier ones, and noise from a Brownian path.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

enum class SdeSolver { midpoint, heun };

struct Dpmpp2mSdeParams {
  SdeSolver solver_type = SdeSolver::midpoint;
  double eta = 1;
  double s_noise = 1;
  static constexpr auto fields() {  // the numbers; solver_type is a choice
    return std::tuple{field("eta", &Dpmpp2mSdeParams::eta, {.max = 100, .step = 0.01},
                            "Share of the noise that is drawn anew in each step."),
                      field("s_noise", &Dpmpp2mSdeParams::s_noise, {.max = 100, .step = 0.01},
                            "Factor on the fresh noise.")};
  }
};

struct Dpmpp3mSdeParams {
  double eta = 1;
  double s_noise = 1;
  static constexpr auto fields() {
    return std::tuple{field("eta", &Dpmpp3mSdeParams::eta, {.max = 100, .step = 0.01},
                            "Share of the noise that is drawn anew in each step."),
                      field("s_noise", &Dpmpp3mSdeParams::s_noise, {.max = 100, .step = 0.01},
                            "Factor on the fresh noise.")};
  }
};

[[nodiscard]] Array dpmpp_2m_sde(const SamplerRun& run, Array x, const Dpmpp2mSdeParams& params);
[[nodiscard]] Array dpmpp_3m_sde(const SamplerRun& run, Array x, const Dpmpp3mSdeParams& params);

}  // namespace sagitta::sampling
