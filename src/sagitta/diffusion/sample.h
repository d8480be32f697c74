// A sampling run, as the KSampler nodes make it: noise, a window of the sigma schedule, the sampler's
// loop over guided predictions, and the way of the latent in and out.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/guider.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/sampler.h"

#include <functional>
#include <optional>
#include <span>
#include <string>

namespace sagitta {

struct InsightRecord;  // insight/record.h

// A latent picture between nodes: in VAE scale, with what belongs to it.
struct Latent {
  Array samples;                            // (B, C, H, W)
  std::optional<Array> noise_mask = {};     // (N, h, w) in 0..1, any size: 1 = to be changed
  std::vector<std::int64_t> batch_index = {};  // one per item, or empty
  std::shared_ptr<const InsightRecord> insight = {};  // of the run that made it, if it was watched
};

// A prediction has been made. Samplers of higher order make several per step, and fewer in the last.
struct RunReport {
  int done = 0;            // 1..total: predictions, or hundredths of the way if the run cannot tell
  int total = 0;
  float sigma = 0;         // at which the prediction was made
  const Array& denoised;   // the prediction inside the run: latent scale factor applied
};

// Called after every prediction; throws Error{cancelled} to stop the run.
using RunCallback = std::function<void(const RunReport&)>;

struct SampleParams {
  static constexpr int kMostSteps = 10000;

  std::string sampler = "euler";
  std::string scheduler = "simple";
  int steps = 20;
  float cfg = 8;
  double denoise = 1;                   // part of the schedule that is run; less keeps the input latent
  std::uint64_t seed = 0;
  bool add_noise = true;                // false: the latent is noisy already
  int start_step = 0;                   // window of the schedule
  int last_step = kMostSteps;
  bool full_denoise = true;             // false: leave the noise of last_step in
  int max_entries = 0;                  // conditioning entries per network call; 0: all that fit
  RunScratch* scratch = nullptr;        // for those who read it after the run; null: one of its own

  static constexpr auto fields() {
    return std::tuple{
        field("seed", &SampleParams::seed, {.min = 0, .max = 0x1p64, .step = 0},
              "Start of the random numbers; the same seed gives the same picture."),
        field("steps", &SampleParams::steps, {.min = 1, .max = kMostSteps, .step = 0},
              "Steps of the schedule; more cost more time and find more detail."),
        field("cfg", &SampleParams::cfg, {.min = 0, .max = 100, .step = 0.1, .round = 0.01},
              "Scale of classifier-free guidance: how strongly the prompt is followed."),
        field("denoise", &SampleParams::denoise, {.min = 0, .max = 1, .step = 0.01},
              "Part of the schedule that is run; below 1 the input latent shows through."),
        field("start_at_step", &SampleParams::start_step, {.min = 0, .max = kMostSteps, .step = 0},
              "First step that is run."),
        field("end_at_step", &SampleParams::last_step, {.min = 0, .max = kMostSteps, .step = 0},
              "Step before which the run ends.")};
  }
};

// The sigmas of a run after the window has been cut; fewer than two mean that nothing is to be done.
[[nodiscard]] std::vector<float> run_sigmas(const ModelSampling& sampling, const SampleParams& params);

// Returns the denoised latent in VAE scale. Throws bad_input for unknown names and impossible shapes.
[[nodiscard]] Array sample(const Model& model, const Conditioning& positive,
                           const Conditioning& negative, const Latent& latent,
                           const SampleParams& params, const RunCallback& on_prediction = {});

// A run over given sigmas with given noise: what sample() does after it has made both.
struct CustomRun {
  const SamplerDef& sampler;
  std::vector<float> sigmas;
  Array noise;              // like the latent
  std::uint64_t seed = 0;   // of the noise that samplers draw
  int max_entries = 0;
  RunScratch* scratch = nullptr;
};
struct CustomResult {
  Array samples;   // where the sigmas end
  Array denoised;  // the prediction of the last step; `samples` if there was no step
};
// Without sigmas the latent comes back as it is; one sigma noises it. Both results are in VAE scale.
[[nodiscard]] CustomResult sample_custom(const Guider& guider, const Latent& latent,
                                         const CustomRun& run,
                                         const RunCallback& on_prediction = {});

// The latent with noise of the size that a run over the sigmas takes away: the difference of the first
// and the last, or the only one. Values that are not finite become 0. Without sigmas the latent comes
// back as it is.
[[nodiscard]] Array add_noise(const Model& model, const Latent& latent, const NoiseSource& noise,
                              std::span<const float> sigmas);

}  // namespace sagitta
