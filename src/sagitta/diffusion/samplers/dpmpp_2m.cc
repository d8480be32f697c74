#include "sagitta/diffusion/samplers/dpmpp_2m.h"

#include "sagitta/diffusion/samplers/common.h"

#include <cmath>

namespace sagitta::sampling {
namespace {

// 1 / (2 r), where r is the length of the last step over that of this one, in log sigma.
double extrapolation(const std::vector<float>& sigmas, std::size_t i) {
  const double h = half_log_snr(sigmas[i + 1]) - half_log_snr(sigmas[i]);
  const double last = half_log_snr(sigmas[i]) - half_log_snr(sigmas[i - 1]);
  return h / (2 * last);
}

}  // namespace

Array dpmpp_2m(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  Array old;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    report(run, i, x, denoised);
    const double kept = static_cast<double>(sigmas[i + 1]) / sigmas[i];
    if (i == 0 || sigmas[i + 1] == 0) {
      x = combine({{kept, x}, {1 - kept, denoised}});
    } else {
      const double ahead = extrapolation(sigmas, i);
      x = combine({{kept, x}, {(1 - kept) * (1 + ahead), denoised}, {-(1 - kept) * ahead, old}});
    }
    old = std::move(denoised);
  }
  return x;
}

Array dpmpp_2m_cfg_pp(const SamplerRun& run, Array x) {
  const auto& sigmas = run.sigmas;
  Array old_uncond;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    auto [denoised, uncond] = run.denoise(x, sigmas[i]);
    report(run, i, x, denoised);
    const double kept = static_cast<double>(sigmas[i + 1]) / sigmas[i];
    if (i == 0 || sigmas[i + 1] == 0) {
      x = combine({{kept, x}, {1, denoised}, {-kept, uncond}});
    } else {
      const double ahead = (1 - kept) * extrapolation(sigmas, i);
      x = combine({{kept, x}, {1 + ahead, denoised}, {-kept, uncond}, {-ahead, old_uncond}});
    }
    old_uncond = std::move(uncond);
  }
  return x;
}

}  // namespace sagitta::sampling
