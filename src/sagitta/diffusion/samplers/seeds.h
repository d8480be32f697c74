// SEEDS (Gonzalez et al. 2023): stochastic exponential integrators with two or three predictions
// per step. The two-stage solver with its second point at the end of the step is the exponential
// Heun method.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

// How the two predictions are weighted: by the first phi function alone, or by the first two.
enum class SeedsSolver { phi_1, phi_2 };

struct Seeds2Params {
  SeedsSolver solver_type = SeedsSolver::phi_1;
  double eta = 1;
  double s_noise = 1;
  double r = 0.5;
  static constexpr auto fields() {  // the numbers; solver_type is a choice
    return std::tuple{field("eta", &Seeds2Params::eta, {.max = 100, .step = 0.01},
                            "Share of the noise that is drawn anew in each step."),
                      field("s_noise", &Seeds2Params::s_noise, {.max = 100, .step = 0.01},
                            "Factor on the fresh noise."),
                      field("r", &Seeds2Params::r, {.min = 0.01, .max = 1, .step = 0.01},
                            "Where in a step, in log sigma, the second prediction lies.")};
  }
};

struct Seeds3Params {
  double eta = 1;
  double s_noise = 1;
  double r_1 = 1.0 / 3;
  double r_2 = 2.0 / 3;
};

// r is in (0, 1], and 0 < r_1 < r_2 <= 1 (bad_input otherwise).
[[nodiscard]] Array seeds_2(const SamplerRun& run, Array x, const Seeds2Params& params);
[[nodiscard]] Array seeds_3(const SamplerRun& run, Array x, const Seeds3Params& params);

}  // namespace sagitta::sampling
