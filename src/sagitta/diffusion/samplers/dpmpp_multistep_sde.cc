#include "sagitta/diffusion/samplers/dpmpp_multistep_sde.h"

#include "sagitta/diffusion/samplers/common.h"
#include "sagitta/diffusion/samplers/sde_noise.h"

#include <cmath>

namespace sagitta::sampling {
namespace {

// The quantities of one step of length h in log sigma.
struct SdeStep {
  SdeStep(double sigma, double next, double eta)
      : h(half_log_snr(next) - half_log_snr(sigma)),
        h_eta(h * (eta + 1)),
        kept(next / sigma * std::exp(-h * eta)),
        gained(-std::expm1(-h_eta)),
        noise(next * std::sqrt(-std::expm1(-2 * h * eta))) {}

  double h;
  double h_eta;   // the length that counts for the data: noise that is replaced is removed as well
  double kept;    // factor on x
  double gained;  // factor on the prediction
  double noise;   // standard deviation of the fresh noise
};

}  // namespace

Array dpmpp_2m_sde(const SamplerRun& run, Array x, const Dpmpp2mSdeParams& params) {
  const auto& sigmas = run.sigmas;
  const SdeNoise noise(run, x.shape());
  Array old;
  double last_h = 0;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    if (sigmas[i + 1] == 0) {
      x = std::move(denoised);
      continue;
    }
    const SdeStep step(sigmas[i], sigmas[i + 1], params.eta);
    x = combine({{step.kept, x}, {step.gained, denoised}});
    if (!old.empty()) {
      const double weight =
          params.solver_type == SdeSolver::heun ? 1 - step.gained / step.h_eta : 0.5 * step.gained;
      const double ahead = weight * step.h / last_h;
      x = combine({{1, x}, {ahead, denoised}, {-ahead, old}});
    }
    if (params.eta > 0 && params.s_noise > 0) {
      x = combine({{1, x}, {step.noise * params.s_noise, noise(sigmas[i], sigmas[i + 1])}});
    }
    old = std::move(denoised);
    last_h = step.h;
  }
  return x;
}

Array dpmpp_3m_sde(const SamplerRun& run, Array x, const Dpmpp3mSdeParams& params) {
  const auto& sigmas = run.sigmas;
  const SdeNoise noise(run, x.shape());
  Array old;
  Array older;
  double last_h = 0;
  double last_but_one_h = 0;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    if (sigmas[i + 1] == 0) {
      x = std::move(denoised);
      continue;
    }
    const SdeStep step(sigmas[i], sigmas[i + 1], params.eta);
    x = combine({{step.kept, x}, {step.gained, denoised}});
    const double phi_2 = 1 - step.gained / step.h_eta;
    if (!older.empty()) {
      const double phi_3 = phi_2 / step.h_eta - 0.5;
      const double r0 = last_h / step.h;
      const double r1 = last_but_one_h / step.h;
      const Array slope = combine({{1 / r0, denoised}, {-1 / r0, old}});
      const Array old_slope = combine({{1 / r1, old}, {-1 / r1, older}});
      const double bend = (phi_2 * r0 - phi_3) / (r0 + r1);
      x = combine({{1, x}, {phi_2 + bend, slope}, {-bend, old_slope}});
    } else if (!old.empty()) {
      const double ahead = phi_2 * step.h / last_h;
      x = combine({{1, x}, {ahead, denoised}, {-ahead, old}});
    }
    if (params.eta > 0 && params.s_noise > 0) {
      x = combine({{1, x}, {step.noise * params.s_noise, noise(sigmas[i], sigmas[i + 1])}});
    }
    older = std::move(old);
    old = std::move(denoised);
    last_but_one_h = last_h;
    last_h = step.h;
  }
  return x;
}

}  // namespace sagitta::sampling
