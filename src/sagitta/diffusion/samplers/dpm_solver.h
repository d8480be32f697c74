// DPM-Solver (Lu et al. 2022): exponential integrators of order 1 to 3 in t = -ln sigma, with a
// fixed number of predictions (fast) or with the step size under control (adaptive). Both go from
// the first sigma to the last positive one and choose their own sigmas between.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <tuple>

namespace sagitta::sampling {

struct DpmFastParams {
  double eta = 0;
  double s_noise = 1;
};

struct DpmAdaptiveParams {
  int order = 3;
  double rtol = 0.05;
  double atol = 0.0078;
  double h_init = 0.05;
  double pcoeff = 0;
  double icoeff = 1;
  double dcoeff = 0;
  double accept_safety = 0.81;
  double eta = 0;
  double s_noise = 1;
  static constexpr auto fields() {
    constexpr Range kAny{.max = 100, .step = 0.01};
    return std::tuple{
        field("order", &DpmAdaptiveParams::order, {.min = 2, .max = 3, .step = 0}, "Order of the solver."),
        field("rtol", &DpmAdaptiveParams::rtol, kAny, "Relative error allowed per step."),
        field("atol", &DpmAdaptiveParams::atol, kAny, "Absolute error allowed per step."),
        field("h_init", &DpmAdaptiveParams::h_init, kAny, "First step size in log sigma."),
        field("pcoeff", &DpmAdaptiveParams::pcoeff, kAny, "Proportional part of the controller."),
        field("icoeff", &DpmAdaptiveParams::icoeff, kAny, "Integral part of the controller."),
        field("dcoeff", &DpmAdaptiveParams::dcoeff, kAny, "Derivative part of the controller."),
        field("accept_safety", &DpmAdaptiveParams::accept_safety, kAny,
              "Steps are rejected if the next one would have to be smaller by more than this."),
        field("eta", &DpmAdaptiveParams::eta, kAny, "Share of the noise that is drawn anew."),
        field("s_noise", &DpmAdaptiveParams::s_noise, kAny, "Factor on the fresh noise.")};
  }
};

// As many predictions as the list has steps.
[[nodiscard]] Array dpm_fast(const SamplerRun& run, Array x, const DpmFastParams& params);
[[nodiscard]] int dpm_fast_calls(std::span<const float> sigmas);

// Throws bad_input for parameters out of range, and where the error estimate is not finite or the
// steps do not advance, which would otherwise never end.
[[nodiscard]] Array dpm_adaptive(const SamplerRun& run, Array x, const DpmAdaptiveParams& params);
[[nodiscard]] int dpm_adaptive_calls(std::span<const float> sigmas);

}  // namespace sagitta::sampling
