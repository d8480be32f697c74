// Schedules by formula, for custom sampling. All take 1..kMaxSteps steps (bad_input otherwise) and
// end with 0, except laplace_sigmas.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/schedule.h"

#include <tuple>

namespace sagitta {

// Karras et al. 2022: equal steps in sigma^(1/rho).
struct KarrasParams {
  int steps = 20;
  double sigma_max = 14.614642;
  double sigma_min = 0.0291675;
  double rho = 7;
  static constexpr auto fields() {
    return std::tuple{
        field("steps", &KarrasParams::steps, {.min = 1, .max = kMaxSteps, .step = 0}, "Number of steps."),
        field("sigma_max", &KarrasParams::sigma_max, {.max = 5000, .step = 0.01}, "First sigma."),
        field("sigma_min", &KarrasParams::sigma_min, {.max = 5000, .step = 0.01},
              "Last sigma before 0."),
        field("rho", &KarrasParams::rho, {.max = 100, .step = 0.01},
              "Larger values spend more steps at low noise.")};
  }
};
[[nodiscard]] Sigmas karras_sigmas(const KarrasParams& params);

// Equal steps in log sigma.
struct ExponentialParams {
  int steps = 20;
  double sigma_max = 14.614642;
  double sigma_min = 0.0291675;
  static constexpr auto fields() {
    return std::tuple{
        field("steps", &ExponentialParams::steps, {.min = 1, .max = kMaxSteps, .step = 0}, "Number of steps."),
        field("sigma_max", &ExponentialParams::sigma_max, {.max = 5000, .step = 0.01},
              "First sigma."),
        field("sigma_min", &ExponentialParams::sigma_min, {.max = 5000, .step = 0.01},
              "Last sigma before 0.")};
  }
};
[[nodiscard]] Sigmas exponential_sigmas(const ExponentialParams& params);

// log sigma follows (1 - i/(n-1))^rho.
struct PolyexponentialParams {
  int steps = 20;
  double sigma_max = 14.614642;
  double sigma_min = 0.0291675;
  double rho = 1;
  static constexpr auto fields() {
    return std::tuple{field("steps", &PolyexponentialParams::steps, {.min = 1, .max = kMaxSteps, .step = 0},
                            "Number of steps."),
                      field("sigma_max", &PolyexponentialParams::sigma_max,
                            {.max = 5000, .step = 0.01}, "First sigma."),
                      field("sigma_min", &PolyexponentialParams::sigma_min,
                            {.max = 5000, .step = 0.01}, "Last sigma before 0."),
                      field("rho", &PolyexponentialParams::rho, {.max = 100, .step = 0.01},
                            "1 is exponential; larger values spend more steps at low noise.")};
  }
};
[[nodiscard]] Sigmas polyexponential_sigmas(const PolyexponentialParams& params);

// Quantiles of a Laplace distribution of log sigma (Hang et al. 2024), clamped to the bounds.
struct LaplaceParams {
  int steps = 20;
  double sigma_max = 14.614642;
  double sigma_min = 0.0291675;
  double mu = 0;
  double beta = 0.5;
  static constexpr auto fields() {
    return std::tuple{
        field("steps", &LaplaceParams::steps, {.min = 1, .max = kMaxSteps, .step = 0}, "Number of sigmas."),
        field("sigma_max", &LaplaceParams::sigma_max, {.max = 5000, .step = 0.01}, "Upper bound."),
        field("sigma_min", &LaplaceParams::sigma_min, {.max = 5000, .step = 0.01}, "Lower bound."),
        field("mu", &LaplaceParams::mu, {.min = -10, .max = 10, .step = 0.1},
              "Log sigma around which the steps gather."),
        field("beta", &LaplaceParams::beta, {.max = 10, .step = 0.1},
              "Width of the distribution.")};
  }
};
[[nodiscard]] Sigmas laplace_sigmas(const LaplaceParams& params);

// The continuous variance-preserving process of Song et al. 2021, at equal steps in time.
struct VpParams {
  int steps = 20;
  double beta_d = 19.9;
  double beta_min = 0.1;
  double eps_s = 0.001;
  static constexpr auto fields() {
    return std::tuple{
        field("steps", &VpParams::steps, {.min = 1, .max = kMaxSteps, .step = 0}, "Number of steps."),
        field("beta_d", &VpParams::beta_d, {.max = 5000, .step = 0.01},
              "Growth of the noise rate over time."),
        field("beta_min", &VpParams::beta_min, {.max = 5000, .step = 0.01},
              "Noise rate at time 0."),
        field("eps_s", &VpParams::eps_s, {.max = 1, .step = 0.0001}, "Last time before 0.")};
  }
};
[[nodiscard]] Sigmas vp_sigmas(const VpParams& params);

// Timesteps at quantiles of a beta distribution (Lee et al. 2024); repeated ones are dropped.
struct BetaSamplingParams {
  int steps = 20;
  double alpha = 0.6;
  double beta = 0.6;
  static constexpr auto fields() {
    return std::tuple{field("steps", &BetaSamplingParams::steps, {.min = 1, .max = kMaxSteps, .step = 0},
                            "Number of steps."),
                      field("alpha", &BetaSamplingParams::alpha, {.max = 50, .step = 0.01},
                            "Small values spend more steps at high noise."),
                      field("beta", &BetaSamplingParams::beta, {.max = 50, .step = 0.01},
                            "Small values spend more steps at low noise.")};
  }
};
// alpha and beta must be positive (bad_input otherwise).
[[nodiscard]] Sigmas beta_sigmas(const ModelSampling& sampling, const BetaSamplingParams& params);

// Distilled models: the timesteps 999, 899.. 99, of which int(10 denoise) are used and at most
// `steps`. steps is 1..10.
[[nodiscard]] Sigmas sd_turbo_sigmas(const ModelSampling& sampling, int steps, double denoise = 1);

// Sabour et al. 2024: optimised lists of ten steps, interpolated in log sigma to other lengths; for
// denoise < 1 the last round(steps denoise) steps are kept.
enum class AlignYourStepsModel { sd1, sdxl, svd };
[[nodiscard]] Sigmas align_your_steps_sigmas(AlignYourStepsModel model, int steps,
                                             double denoise = 1);

}  // namespace sagitta
