#include "sagitta/diffusion/samplers/seeds.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>
#include <cmath>

namespace sagitta::sampling {
namespace {

// h phi_1(h) and h phi_2(h) of the exponential integrators.
double phi_1(double h) { return std::expm1(h); }
double phi_2(double h) { return (std::expm1(h) - h) / h; }

// One step of length h in log sigma, in which x decays and noise gathers.
class SeedsStep {
 public:
  SeedsStep(float sigma, float next, double eta)
      : sigma_(sigma),
        next_(next),
        h_(half_log_snr(next) - half_log_snr(sigma)),
        eta_(eta),
        h_eta_(h_ * (eta + 1)) {}

  // At fraction r of the step:
  [[nodiscard]] float sigma(double r) const { return sigma_between(sigma_, next_, r); }
  [[nodiscard]] double kept(double r) const { return std::exp(-r * h_ * (1 + eta_)); }
  // The argument of the phi functions.
  [[nodiscard]] double phi_argument(double r) const { return -r * h_eta_; }

  // Carries the noise on from fraction `from` to `to`: what is there decays, new noise joins it.
  void advance(Array& noise, double from, double to, StepNoise& fresh) const {
    const double decay = (from - to) * h_ * eta_;
    const double grown = std::sqrt(std::max(-std::expm1(2 * decay), 0.0));
    if (noise.empty()) {
      noise = combine({{grown, fresh()}});
    } else {
      noise = combine({{std::exp(decay), noise}, {grown, fresh()}});
    }
  }

 private:
  float sigma_;
  float next_;
  double h_;
  double eta_;
  double h_eta_;
};

}  // namespace

Array seeds_2(const SamplerRun& run, Array x, const Seeds2Params& params) {
  require(params.r > 0 && params.r <= 1, Fault::bad_input, "r must lie in (0, 1], got {}",
          params.r);
  const auto& sigmas = run.sigmas;
  const bool stochastic = params.eta > 0 && params.s_noise > 0;
  const double r = params.r;
  StepNoise fresh(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    if (sigmas[i + 1] == 0) {
      x = std::move(denoised);
      continue;
    }
    const SeedsStep step(sigmas[i], sigmas[i + 1], params.eta);
    Array noise;
    Array inner = combine({{step.kept(r), x}, {-phi_1(step.phi_argument(r)), denoised}});
    if (stochastic) {
      step.advance(noise, 0, r, fresh);
      inner = combine({{1, inner}, {step.sigma(r) * params.s_noise, noise}});
    }
    const Array denoised_2 = run.denoise(inner, step.sigma(r)).denoised;

    const double whole = step.phi_argument(1);
    const double second =
        params.solver_type == SeedsSolver::phi_1 ? phi_1(whole) / (2 * r) : phi_2(whole) / r;
    x = combine({{step.kept(1), x}, {-(phi_1(whole) - second), denoised}, {-second, denoised_2}});
    if (stochastic) {
      step.advance(noise, r, 1, fresh);
      x = combine({{1, x}, {sigmas[i + 1] * params.s_noise, noise}});
    }
  }
  return x;
}

Array seeds_3(const SamplerRun& run, Array x, const Seeds3Params& params) {
  require(params.r_1 > 0 && params.r_1 < params.r_2 && params.r_2 <= 1, Fault::bad_input,
          "the inner points need 0 < r_1 < r_2 <= 1, got {} and {}", params.r_1, params.r_2);
  const auto& sigmas = run.sigmas;
  const bool stochastic = params.eta > 0 && params.s_noise > 0;
  const double r_1 = params.r_1;
  const double r_2 = params.r_2;
  StepNoise fresh(run.seed, x.shape());
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    if (sigmas[i + 1] == 0) {
      x = std::move(denoised);
      continue;
    }
    const SeedsStep step(sigmas[i], sigmas[i + 1], params.eta);
    Array noise;
    Array inner = combine({{step.kept(r_1), x}, {-phi_1(step.phi_argument(r_1)), denoised}});
    if (stochastic) {
      step.advance(noise, 0, r_1, fresh);
      inner = combine({{1, inner}, {step.sigma(r_1) * params.s_noise, noise}});
    }
    const Array denoised_2 = run.denoise(inner, step.sigma(r_1)).denoised;

    const double slope_2 = r_2 / r_1 * phi_2(step.phi_argument(r_2));
    inner = combine({{step.kept(r_2), x},
                     {-(phi_1(step.phi_argument(r_2)) - slope_2), denoised},
                     {-slope_2, denoised_2}});
    if (stochastic) {
      step.advance(noise, r_1, r_2, fresh);
      inner = combine({{1, inner}, {step.sigma(r_2) * params.s_noise, noise}});
    }
    const Array denoised_3 = run.denoise(inner, step.sigma(r_2)).denoised;

    const double slope_3 = phi_2(step.phi_argument(1)) / r_2;
    x = combine({{step.kept(1), x},
                 {-(phi_1(step.phi_argument(1)) - slope_3), denoised},
                 {-slope_3, denoised_3}});
    if (stochastic) {
      step.advance(noise, r_2, 1, fresh);
      x = combine({{1, x}, {sigmas[i + 1] * params.s_noise, noise}});
    }
  }
  return x;
}

}  // namespace sagitta::sampling
