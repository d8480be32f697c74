#include "sagitta/diffusion/samplers/common.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <cmath>

namespace sagitta::sampling {
namespace {

int count_calls(std::span<const float> sigmas, int per_step) {
  int calls = 0;
  for (std::size_t i = 1; i < sigmas.size(); ++i) calls += sigmas[i] == 0 ? 1 : per_step;
  return calls;
}

}  // namespace

Array combine(std::initializer_list<Term> terms) {
  Array sum(terms.begin()->array.shape());
  for (const Term& term : terms) {
    require(term.array.size() == sum.size(), Fault::internal,
            "a sampler combines arrays of {} and {} values", sum.size(), term.array.size());
    if (term.factor == 0) continue;
    const auto factor = static_cast<float>(term.factor);
    const float* values = term.array.data();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * values[i];
  }
  return sum;
}

Array direction(const Array& x, const Array& denoised, double sigma) {
  return (x - denoised) / static_cast<float>(sigma);
}

AncestralStep ancestral_step(float sigma, float sigma_next, double eta) {
  if (eta == 0) return {.down = sigma_next, .up = 0};
  const float variance = sigma * sigma;
  const float variance_next = sigma_next * sigma_next;
  const float fresh = std::sqrt(variance_next * (variance - variance_next) / variance);
  const float up = std::min(sigma_next, static_cast<float>(eta) * fresh);
  return {.down = std::sqrt(variance_next - up * up), .up = up};
}

double half_log_snr(double sigma) { return -std::log(sigma); }

float sigma_between(float sigma, float sigma_next, double r) {
  const auto weight = static_cast<float>(r);
  const float begin = std::log(sigma);
  const float end = std::log(sigma_next);
  return std::exp(weight < 0.5F ? begin + weight * (end - begin)
                                : end - (end - begin) * (1 - weight));
}

void report(const SamplerRun& run, std::size_t i, const Array& x, const Array& denoised) {
  if (!run.on_step) return;
  run.on_step({.index = static_cast<int>(i),
               .total = static_cast<int>(run.sigmas.size()) - 1,
               .sigma = run.sigmas[i],
               .x = x,
               .denoised = denoised});
}

int one_call_per_step(std::span<const float> sigmas) { return count_calls(sigmas, 1); }
int two_calls_per_step(std::span<const float> sigmas) { return count_calls(sigmas, 2); }
int three_calls_per_step(std::span<const float> sigmas) { return count_calls(sigmas, 3); }

}  // namespace sagitta::sampling
