#include "sagitta/diffusion/sample.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/schedule.h"
#include "sagitta/image/resize.h"

#include <algorithm>
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
  Inpaint(const ModelSampling& sampling, Array mask, Array original, Array noise)
      : sampling_(sampling),
        mask_(std::move(mask)),
        keep_(Array(mask_.shape(), 1) - mask_),
        original_(std::move(original)),
        noise_(std::move(noise)) {}

  [[nodiscard]] Array before(const Array& x, float sigma) const {
    return x * mask_ + sampling_.noise_scaling(sigma, noise_, original_) * keep_;
  }
  [[nodiscard]] Array after(const Array& denoised) const {
    return denoised * mask_ + original_ * keep_;
  }

 private:
  const ModelSampling& sampling_;
  Array mask_;
  Array keep_;
  Array original_;
  Array noise_;
};

bool all_zero(const Array& x) {
  return std::all_of(x.values().begin(), x.values().end(), [](float v) { return v == 0; });
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
             const Latent& latent, const SampleParams& params, const StepCallback& on_step) {
  check_latent(model, latent.samples);
  CustomRun run{.sampler = find_sampler(params.sampler),
                .sigmas = run_sigmas(model.sampling, params),
                .noise = {},
                .cfg = params.cfg,
                .seed = params.seed,
                .max_entries = params.max_entries,
                .scratch = params.scratch};
  if (run.sigmas.size() < 2) return latent.samples;
  run.noise = params.add_noise ? prepare_noise(params.seed, latent.samples.shape(), latent.batch_index)
                               : Array(latent.samples.shape());
  return sample_custom(model, positive, negative, latent, run, on_step);
}

Array sample_custom(const Model& model, const Conditioning& positive, const Conditioning& negative,
                    const Latent& latent, const CustomRun& run, const StepCallback& on_step) {
  check_latent(model, latent.samples);
  if (run.sigmas.size() < 2) return latent.samples;
  const Shape& shape = latent.samples.shape();
  // An empty latent stays exactly zero, which matters for formats with an offset.
  const Array original =
      all_zero(latent.samples) ? latent.samples : latent.samples * model.latent_scale;
  RunLatent run_latent{.height = shape[2],
                       .width = shape[3],
                       .original = std::make_shared<const Array>(original)};
  if (latent.noise_mask) {
    run_latent.noise_mask = std::make_shared<const Array>(fit_mask(*latent.noise_mask, shape));
  }
  const PreparedConditioning conditioning =
      prepare_conditioning(positive, negative, model, run_latent);

  std::optional<Inpaint> inpaint;
  if (run_latent.noise_mask) {
    inpaint.emplace(model.sampling, *run_latent.noise_mask, original,
                    run.sampler.fresh_inpaint_noise ? prepare_noise(run.seed + 1, shape) : run.noise);
  }

  RunScratch own;
  RunScratch& scratch = run.scratch != nullptr ? *run.scratch : own;
  scratch.rng() = generator_after_noise(run.seed, shape, latent.batch_index);
  Denoiser denoiser(model, conditioning, scratch,
                    {.cfg = run.cfg,
                     .needs_uncond = run.sampler.needs_uncond,
                     .max_entries = run.max_entries});
  const float first = run.sigmas.front();
  const Array start =
      model.sampling.noise_scaling(first, run.noise, original, model.sampling.is_max_denoise(first));
  SamplerRun loop{.denoise =
                      [&](const Array& x, float sigma) {
                        ++scratch.prediction;
                        Guided guided = denoiser(inpaint ? inpaint->before(x, sigma) : x, sigma);
                        if (inpaint) guided.denoised = inpaint->after(guided.denoised);
                        return Prediction{std::move(guided.denoised), std::move(guided.uncond)};
                      },
                  .sigmas = run.sigmas,
                  .seed = run.seed,
                  .model_sampling = model.sampling,
                  .on_step =
                      [&](const SamplerStep& step) {
                        if (!on_step) return;
                        on_step({.step = step.index + 1,
                                 .steps = step.total,
                                 .sigma = step.sigma,
                                 .denoised = step.denoised});
                      }};
  return run.sampler.run(loop, start) / model.latent_scale;
}

}  // namespace sagitta
