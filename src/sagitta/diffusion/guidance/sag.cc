#include "sagitta/diffusion/guidance/sag.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/guidance/gaussian_blur.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/diffusion/guidance/scale_schedule.h"
#include "sagitta/models/unet/attention_layers.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sagitta {
namespace {

// The options, ready for use in every step.
struct Settings {
  std::vector<AttnSite> layers;
  float scale;
  float blur_sigma;
  int taps;
  bool fitted_taps;  // fewer where the latent is too small for them
  float threshold;
  double start_percent;
  double end_percent;
  Role base;      // the prediction that is degraded
  Role degraded;  // the pass on it
  bool soft_mask;
  sag::Upsampling upsampling;
  ScaleSchedule schedule;
  bool output_space;
  int evaluations_per_pass;
};

// What a run remembers from one evaluation to the next.
struct Memory {
  sag::ReceivedMap received;  // of this evaluation
  Array push;                 // of the last degraded pass, at scale 1, divided by its sigma
  int age = 0;                // evaluations since then
};

int evaluations_per_pass(std::string_view economy) {
  if (economy == "balanced") return 2;
  if (economy == "fast") return 4;
  return 1;
}

Settings settle(const SagOptions& options, const models::UnetSpec& unet) {
  require(options.kernel_size == SagOptions::kAutoKernel || options.kernel_size % 2 == 1,
          Fault::bad_input, "kernel_size = {}: expected an odd number, or 0 to fit blur_sigma",
          options.kernel_size);
  require(options.start_percent <= options.end_percent, Fault::bad_input,
          "Self-Attention Guidance would start at {} of the schedule, after its end at {}",
          options.start_percent, options.end_percent);
  const bool cond = options.degrade == "cond";
  const bool fitted = options.kernel_size == SagOptions::kAutoKernel;
  return {.layers = models::parse_layers(unet, options.layers),
          .scale = options.scale,
          .blur_sigma = options.blur_sigma,
          .taps = fitted ? sag::taps_for(options.blur_sigma) : options.kernel_size,
          .fitted_taps = fitted,
          .threshold = options.threshold,
          .start_percent = options.start_percent,
          .end_percent = options.end_percent,
          .base = cond ? Role::cond : Role::uncond,
          .degraded = cond ? Role::degraded_cond : Role::degraded,
          .soft_mask = options.mask == "soft",
          .upsampling = options.mask_upsampling == "bilinear" ? sag::Upsampling::bilinear
                                                              : sag::Upsampling::nearest,
          .schedule = ScaleSchedule(options.scale_schedule),
          .output_space = options.space == "output",
          .evaluations_per_pass = evaluations_per_pass(options.economy)};
}

bool active(const Settings& settings, const CfgState& state) {
  return state.sigma <= state.sampling.percent_to_sigma(settings.start_percent) &&
         state.sigma >= state.sampling.percent_to_sigma(settings.end_percent);
}

float scale_at(const Settings& settings, const CfgState& state) {
  if (settings.schedule.constant()) return settings.scale;
  return settings.scale * settings.schedule.at(state.sampling.percent_of(state.sigma));
}

// The part of the noisy input that goes into the denoised prediction whatever the network says.
float input_share(const ModelSampling& sampling, float sigma) {
  const Array nothing({1});
  const Array one({1}, 1.0F);
  return sampling.calculate_denoised({&sigma, 1}, nothing, one)[0];
}

// The taps of the blur for a latent whose shorter side has that many cells; 0: the plain method
// leaves a latent alone that is too small for the reflection at its borders.
int taps_at(const Settings& settings, std::int64_t side) {
  const auto most = static_cast<int>(std::min<std::int64_t>(2 * side - 1, settings.taps));
  if (most == settings.taps || settings.fitted_taps) return most;
  require(
      settings.taps <= SagOptions{}.kernel_size, Fault::bad_input,
      "kernel_size = {}: its blur needs a latent of more than {} cells a side, and this one has {}",
      settings.taps, settings.taps / 2, side);
  return 0;
}

// The result of an evaluation that makes a degraded pass.
Array guide(const CfgState& state, const Settings& settings, int taps,
            const sag::ReceivedMap& received, Memory& memory) {
  const Array& base = settings.base == Role::cond ? state.cond : state.uncond;
  const Array attention = received.mean();
  const Array mask = settings.soft_mask ? sag::soft_mask(attention, settings.threshold)
                                        : sag::mask(attention, settings.threshold);
  const Array degraded = sag::degrade(base, sag::blur(base, settings.blur_sigma, taps), mask);
  const Array noised = degraded + state.x - base;
  const Array prediction = state.denoise(settings.degraded, noised, state.patches);
  Array push = degraded - prediction;
  if (settings.output_space) {
    // The outputs of the two passes differ by the predictions less the share of their inputs.
    push = push + (base - degraded) * (1 - input_share(state.sampling, state.sigma));
  }
  if (settings.evaluations_per_pass > 1) memory.push = push * (1 / state.sigma);
  push = push * scale_at(settings, state);
  Array result = state.result + push;
  for (const SagObserver& observe : state.sag_observers) {
    observe({.layers = settings.layers,
             .role = settings.base,
             .sigma = state.sigma,
             .received = attention,
             .mask = mask,
             .x0 = base,
             .degraded = degraded,
             .prediction = prediction,
             .push = push,
             .result = result,
             .scratch = state.scratch});
  }
  return result;
}

}  // namespace

Model with_sag(Model model, const SagParams& params) {
  SagOptions options;
  options.scale = params.scale;
  options.blur_sigma = params.blur_sigma;
  return with_advanced_sag(std::move(model), options);
}

Model with_advanced_sag(Model model, const SagOptions& options) {
  if (options.scale == 0) return model;
  const Settings settings = settle(options, model.unet->spec());
  const HookId id = make_hook_id();
  if (settings.base == Role::uncond) model.needs_uncond = true;
  for (const AttnSite& layer : settings.layers) {
    model.patches = model.patches.observe_received(
        layer, settings.base,
        [id, base = settings.base, how = settings.upsampling](const ReceivedAttention& seen) {
          seen.pass.scratch->get<Memory>(id).received.add(seen, base, how);
        });
  }
  model.post_cfg.emplace_back([id, settings](const CfgState& state) {
    // Taken, not read: a step in which no entry was active must not see the map of an earlier one.
    Memory& memory = state.scratch.get<Memory>(id);
    const auto received = std::exchange(memory.received, {});
    require(state.has_uncond || settings.base != Role::uncond, Fault::bad_input,
            "Self-Attention Guidance needs a negative conditioning, and this run has none; a CFG "
            "Guider with an empty prompt will do");
    const int taps = taps_at(settings, std::min(state.x.dim(2), state.x.dim(3)));
    if (received.weight.empty() || taps == 0 || !active(settings, state)) {
      memory = {};
      return state.result;
    }
    if (memory.push.shape() == state.x.shape() && ++memory.age < settings.evaluations_per_pass) {
      return state.result + memory.push * (state.sigma * scale_at(settings, state));
    }
    memory.age = 0;
    return guide(state, settings, taps, received, memory);
  });
  return model;
}

}  // namespace sagitta
