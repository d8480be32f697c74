// SA-Solver (Xue et al. 2023): stochastic Adams methods in log sigma, a predictor of order 3 and a
// corrector of order 4, with fresh noise while sigma lies in a middle range.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

struct SaSolverParams {
  double eta = 1;
  double sde_start_percent = 0.2;
  double sde_end_percent = 0.8;
  double s_noise = 1;
  int predictor_order = 3;
  int corrector_order = 4;
  bool use_pece = false;
  bool simple_order_2 = false;
  static constexpr auto fields() {
    return std::tuple{
        field("eta", &SaSolverParams::eta, {.max = 10, .step = 0.01},
              "Strength of the fresh noise."),
        field("sde_start_percent", &SaSolverParams::sde_start_percent, {.max = 1, .step = 0.001},
              "How far into the sampling fresh noise begins."),
        field("sde_end_percent", &SaSolverParams::sde_end_percent, {.max = 1, .step = 0.001},
              "How far into the sampling fresh noise ends."),
        field("s_noise", &SaSolverParams::s_noise, {.max = 100, .step = 0.01},
              "Factor on the fresh noise."),
        field("predictor_order", &SaSolverParams::predictor_order, {.min = 1, .max = 6, .step = 0},
              "How many predictions a step ahead makes use of."),
        field("corrector_order", &SaSolverParams::corrector_order, {.min = 0, .max = 6, .step = 0},
              "How many predictions the correction makes use of; 0 does not correct."),
        field("use_pece", &SaSolverParams::use_pece, {},
              "Predict again after each correction, at twice the cost."),
        field("simple_order_2", &SaSolverParams::simple_order_2, {},
              "Simplified coefficients where two predictions are used.")};
  }
};

// The orders are 1..6 and 0..6 (bad_input otherwise).
[[nodiscard]] Array sa_solver(const SamplerRun& run, Array x, const SaSolverParams& params);
// Predictions of a run with use_pece and both orders above 0.
[[nodiscard]] int sa_solver_pece_calls(std::span<const float> sigmas);

}  // namespace sagitta::sampling
