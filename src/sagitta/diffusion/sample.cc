#include "sagitta/diffusion/sample.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/schedule.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace sagitta {
namespace {

// A mask of any size and count, fitted to a latent: (B, C, H, W).
Array fit_mask(const Array& mask, const Shape& latent) {
  require(mask.rank() >= 2 && mask.size() > 0, Fault::bad_input,
          "a noise mask of shape {} is not a picture", to_string(mask.shape()));
  const std::int64_t rows = mask.dim(mask.rank() - 2);
  const std::int64_t cols = mask.dim(mask.rank() - 1);
  const std::int64_t count = static_cast<std::int64_t>(mask.size()) / (rows * cols);
  const Array planes = resize_bilinear(mask.reshaped({count, rows, cols}), latent[2], latent[3]);
  Array out(latent);
  const std::int64_t cells = latent[2] * latent[3];
  for (std::int64_t b = 0; b < latent[0]; ++b) {
    const float* from = planes.data() + b % count * cells;
    for (std::int64_t c = 0; c < latent[1]; ++c) {
      std::copy_n(from, cells, out.data() + (b * latent[1] + c) * cells);
    }
  }
  return out;
}

// Inpainting: where the mask is 0 the network sees the noised original, and the prediction is it.
class Inpaint {
 public:
  Inpaint(const Model& model, std::span<const float> sigmas, Array mask, Array original, Array noise)
      : model_(model),
        sigmas_(sigmas),
        mask_(std::move(mask)),
        original_(std::move(original)),
        noise_(std::move(noise)) {}

  template <class Predict>
  [[nodiscard]] Prediction around(const Array& x, float sigma, const Predict& predict) const {
    const Array mask = model_.noise_mask ? model_.noise_mask(mask_, sigma, sigmas_) : mask_;
    const Array keep = Array(mask.shape(), 1) - mask;
    Prediction prediction =
        predict(x * mask + model_.sampling.noise_scaling(sigma, noise_, original_) * keep, sigma);
    prediction.denoised = prediction.denoised * mask + original_ * keep;
    return prediction;
  }

 private:
  const Model& model_;
  std::span<const float> sigmas_;
  Array mask_;
  Array original_;
  Array noise_;
};

// How far a run is. A sampler that chooses its own steps is measured by its way in log sigma.
class RunProgress {
 public:
  RunProgress(const SamplerDef& sampler, std::span<const float> sigmas, const RunCallback& callback)
      : calls_(sampler.count_calls(sigmas)), callback_(callback), from_(sigmas.front()) {
    for (const float sigma : sigmas) {
      if (sigma > 0) to_ = sigma;
    }
  }

  void count(float sigma, const Array& denoised) {
    ++done_;
    if (!callback_) return;
    constexpr int kHundred = 100;
    const bool known = calls_ != kUnknownCalls;
    const double way = std::log(sigma / from_) / std::log(to_ / from_);
    if (std::isfinite(way)) {  // a prediction within a step may lie behind the one after it
      hundredths_ = std::max(hundredths_, static_cast<int>(std::clamp(way, 0.0, 1.0) * kHundred));
    }
    callback_({.done = known ? done_ : hundredths_,
               .total = known ? calls_ : kHundred,
               .sigma = sigma,
               .denoised = denoised});
  }

 private:
  int calls_;
  const RunCallback& callback_;
  double from_;
  double to_ = 0;
  int done_ = 0;
  int hundredths_ = 0;
};

bool all_zero(const Array& x) {
  return std::all_of(x.values().begin(), x.values().end(), [](float v) { return v == 0; });
}

// Into a run. An empty latent stays exactly zero, which matters for formats with an offset.
Array latent_in(const Model& model, const Array& samples) {
  return all_zero(samples) ? samples : samples * model.latent_scale;
}

void check_latent(const Model& model, const Array& samples) {
  require(samples.rank() == 4 && samples.size() > 0, Fault::bad_input,
          "a latent has the shape (batch, channels, height, width), got {}",
          to_string(samples.shape()));
  const std::int64_t channels = model.unet.spec().out_channels;
  require(samples.dim(1) == channels, Fault::bad_input,
          "the model works on latents of {} channels, got {}", channels, samples.dim(1));
}

}  // namespace

std::vector<float> run_sigmas(const ModelSampling& sampling, const SampleParams& params) {
  const SamplerDef& sampler = find_sampler(params.sampler);
  std::vector<float> sigmas = make_sigmas(find_scheduler(params.scheduler), sampling, params.steps,
                                          params.denoise, sampler.discard_penultimate);
  const auto last = static_cast<std::size_t>(std::max(params.last_step, 0));
  if (last + 1 < sigmas.size()) {
    sigmas.resize(last + 1);
    if (params.full_denoise) sigmas.back() = 0;
  }
  const auto start = static_cast<std::size_t>(std::max(params.start_step, 0));
  if (start == 0) return sigmas;
  if (start + 1 >= sigmas.size()) return {};
  sigmas.erase(sigmas.begin(), sigmas.begin() + static_cast<std::ptrdiff_t>(start));
  return sigmas;
}

Array sample(const Model& model, const Conditioning& positive, const Conditioning& negative,
             const Latent& latent, const SampleParams& params, const RunCallback& on_prediction) {
  check_latent(model, latent.samples);
  CustomRun run{.sampler = find_sampler(params.sampler),
                .sigmas = run_sigmas(model.sampling, params),
                .noise = {},
                .seed = params.seed,
                .max_entries = params.max_entries,
                .scratch = params.scratch};
  if (run.sigmas.size() < 2) return latent.samples;
  run.noise = params.add_noise ? prepare_noise(params.seed, latent.samples.shape(), latent.batch_index)
                               : Array(latent.samples.shape());
  return sample_custom(cfg_guider(model, positive, negative, params.cfg), latent, run, on_prediction)
      .samples;
}

CustomResult sample_custom(const Guider& guider, const Latent& latent, const CustomRun& run,
                           const RunCallback& on_prediction) {
  const Model& model = guider.model;
  check_latent(model, latent.samples);
  if (run.sigmas.empty()) return {.samples = latent.samples, .denoised = latent.samples};
  const Shape& shape = latent.samples.shape();
  const Array original = latent_in(model, latent.samples);
  RunLatent run_latent{.height = shape[2],
                       .width = shape[3],
                       .original = std::make_shared<const Array>(original)};
  if (latent.noise_mask) {
    run_latent.noise_mask = std::make_shared<const Array>(fit_mask(*latent.noise_mask, shape));
  }
  const PreparedConditioning conditioning =
      prepare_conditioning(guider.positive, guider.negative, model, run_latent, guider.further);

  std::optional<Inpaint> inpaint;
  if (run_latent.noise_mask) {
    inpaint.emplace(model, run.sigmas, *run_latent.noise_mask, original,
                    run.sampler.fresh_inpaint_noise ? prepare_noise(run.seed + 1, shape) : run.noise);
  }

  RunScratch own;
  RunScratch& scratch = run.scratch != nullptr ? *run.scratch : own;
  scratch.rng() = generator_after_noise(run.seed, shape, latent.batch_index);
  Denoiser denoiser(model, conditioning, scratch,
                    {.cfg = guider.cfg,
                     .needs_uncond = run.sampler.needs_uncond,
                     .max_entries = run.max_entries});
  RunProgress progress(run.sampler, run.sigmas, on_prediction);
  const auto predict = [&](const Array& x, float sigma) {
    Guided guided = guider.rule ? guider.rule(denoiser, x, sigma) : denoiser(x, sigma);
    return Prediction{std::move(guided.denoised), std::move(guided.uncond)};
  };
  Array last;  // the prediction of the last step
  const SamplerRun loop{
      .denoise =
          [&](const Array& x, float sigma) {
            ++scratch.prediction;
            Prediction prediction =
                inpaint ? inpaint->around(x, sigma, predict) : predict(x, sigma);
            progress.count(sigma, prediction.denoised);
            return prediction;
          },
      .sigmas = run.sigmas,
      .seed = run.seed,
      .model_sampling = model.sampling,
      .on_step = [&](const SamplerStep& step) { last = step.denoised; },
      .generator = &scratch.rng()};
  const float first = run.sigmas.front();
  Array samples =
      run.sampler.run(loop, model.sampling.noise_scaling(first, run.noise, original,
                                                         model.sampling.is_max_denoise(first))) /
      model.latent_scale;
  Array denoised = last.empty() ? samples : last / model.latent_scale;
  return {.samples = std::move(samples), .denoised = std::move(denoised)};
}

Array add_noise(const Model& model, const Latent& latent, const NoiseSource& noise,
                std::span<const float> sigmas) {
  check_latent(model, latent.samples);
  if (sigmas.empty()) return latent.samples;
  const float size =
      sigmas.size() > 1 ? std::abs(sigmas.front() - sigmas.back()) : sigmas.front();
  Array noisy = model.sampling.noise_scaling(
                    size, noise(latent.samples.shape(), latent.batch_index),
                    latent_in(model, latent.samples)) /
                model.latent_scale;
  for (float& value : noisy.values()) {
    if (!std::isfinite(value)) value = 0;
  }
  return noisy;
}

}  // namespace sagitta
