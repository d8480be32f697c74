// Extended reverse-time SDE solvers (Cui et al. 2023, arXiv 2309.06169), of up to three stages, one
// prediction per step.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

enum class ErSdeSolver { er_sde, reverse_time_sde, ode };

struct ErSdeParams {
  ErSdeSolver solver_type = ErSdeSolver::er_sde;
  int max_stage = 3;
  double eta = 1;  // of reverse_time_sde; 0 makes it the ODE
  double s_noise = 1;
  static constexpr auto fields() {  // the numbers; solver_type is a choice
    return std::tuple{
        field("max_stage", &ErSdeParams::max_stage, {.min = 1, .max = 3, .step = 0}, "Order of the solver."),
        field("eta", &ErSdeParams::eta, {.max = 100, .step = 0.01},
              "Stochastic strength of the reverse-time SDE; 0 is the ODE."),
        field("s_noise", &ErSdeParams::s_noise, {.max = 100, .step = 0.01},
              "Factor on the fresh noise.")};
  }
};

// max_stage is 1..3 (bad_input otherwise).
[[nodiscard]] Array er_sde(const SamplerRun& run, Array x, const ErSdeParams& params);

}  // namespace sagitta::sampling
