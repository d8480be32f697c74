// Samplers: rules that walk a noisy latent down a list of sigmas by asking for denoised
// predictions. They work on host Arrays, know nothing of networks or guidance, and keep no state
// between runs. Every sampler is one row of samplers(); the families' own headers have their
// options.
#pragma once

#include "sagitta/base/rng.h"
#include "sagitta/core/array.h"
#include "sagitta/diffusion/model_sampling.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sagitta {

struct Prediction {
  Array denoised;  // guided
  Array uncond;    // unguided negative; filled only for samplers with needs_uncond
};

// What a sampler reports after it has got the prediction of a step.
struct SamplerStep {
  int index;  // 0..total-1; dpm_adaptive counts on, since it chooses its own steps
  int total;
  float sigma;
  const Array& x;
  const Array& denoised;
};

struct SamplerRun {
  // The denoised prediction for x at sigma, the same sigma for every row.
  std::function<Prediction(const Array& x, float sigma)> denoise;
  std::vector<float> sigmas;  // one more than there are steps
  std::uint64_t seed = 0;     // of the run; step noise derives from it
  const ModelSampling& model_sampling;
  std::function<void(const SamplerStep&)> on_step;  // may be empty; may throw to stop the run
  TorchRng* generator = nullptr;  // goes on where the initial noise ended; null: one of the seed
};

struct SamplerDef {
  std::string_view name;
  bool needs_uncond = false;         // CFG++: Prediction::uncond has to be filled
  bool discard_penultimate = false;  // of the schedule, see make_sigmas
  bool fresh_inpaint_noise =
      false;  // the unmasked part gets noise of seed + 1, not the initial noise
  // How many predictions a run over these sigmas asks for; kUnknownCalls if only the run can tell.
  int (*count_calls)(std::span<const float> sigmas) = nullptr;
  // From the noisy x at sigmas.front() to the result at sigmas.back(). x comes back unchanged if
  // there are fewer than two sigmas.
  std::function<Array(const SamplerRun& run, Array x)> run;
};

inline constexpr int kUnknownCalls = -1;

// All samplers with their default options, in the order in which they are offered.
[[nodiscard]] std::span<const SamplerDef> samplers();

// Throws bad_input, with the nearest known names, for an unknown one.
[[nodiscard]] const SamplerDef& find_sampler(std::string_view name);

// The sampler `name` with options: sampler_with("lms", sampling::lms, {.order = 2}).
template <class Params>
[[nodiscard]] SamplerDef sampler_with(std::string_view name,
                                      Array (*sample)(const SamplerRun&, Array, const Params&),
                                      const std::type_identity_t<Params>& params) {
  SamplerDef def = find_sampler(name);
  def.run = [sample, params](const SamplerRun& run, Array x) {
    return sample(run, std::move(x), params);
  };
  return def;
}

}  // namespace sagitta
