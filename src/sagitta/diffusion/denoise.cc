#include "sagitta/diffusion/denoise.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/image/batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace sagitta {
namespace {

// The part of x (B, C, H, W) that an area covers.
Array crop(const Array& x, const Area& area) {
  return crop(x, Box{.y = area.y, .x = area.x, .height = area.height, .width = area.width});
}

// A weighted sum of predictions over the latent, divided at the end by the sum of weights.
class Blend {
 public:
  // The counts start at a tiny value, so that cells which nothing covers become zero, not NaN.
  explicit Blend(const Shape& shape)
      : sum_(shape), count_({shape[0], shape[2], shape[3]}, 1e-37F) {}

  // prediction: (B, C, h, w) over coverage.area.
  void add(const Array& prediction, const Coverage& coverage) {
    const Area& area = coverage.area;
    const std::int64_t height = sum_.dim(2);
    const std::int64_t width = sum_.dim(3);
    for (std::int64_t b = 0; b < sum_.dim(0); ++b) {
      for (std::int64_t y = 0; y < area.height; ++y) {
        const float* weight = coverage.weight.data() + (b * area.height + y) * area.width;
        float* count = count_.data() + (b * height + area.y + y) * width + area.x;
        for (std::int64_t x = 0; x < area.width; ++x) count[x] += weight[x];
        for (std::int64_t c = 0; c < sum_.dim(1); ++c) {
          const std::int64_t plane = b * sum_.dim(1) + c;
          const float* from = prediction.data() + (plane * area.height + y) * area.width;
          float* to = sum_.data() + (plane * height + area.y + y) * width + area.x;
          for (std::int64_t x = 0; x < area.width; ++x) to[x] += from[x] * weight[x];
        }
      }
    }
  }

  [[nodiscard]] Array finish() && {
    const std::int64_t cells = sum_.dim(2) * sum_.dim(3);
    float* value = sum_.data();
    for (std::int64_t plane = 0; plane < sum_.dim(0) * sum_.dim(1); ++plane) {
      const float* count = count_.data() + plane / sum_.dim(1) * cells;
      for (std::int64_t i = 0; i < cells; ++i) *value++ /= count[i];
    }
    return std::move(sum_);
  }

 private:
  Array sum_;    // (B, C, H, W)
  Array count_;  // (B, H, W)
};

// Contexts of unequal length are repeated to a common one, which changes nothing in
// cross-attention. The repetition must not cost more than it saves.
bool lengths_fit(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMostRepeats = 4;
  return std::lcm(a, b) / std::min(a, b) <= kMostRepeats;
}

}  // namespace

// One conditioning entry of one list, to be evaluated.
struct Denoiser::Job {
  std::size_t list = 0;
  Role role = Role::cond;
  const PreparedEntry* entry = nullptr;
  Coverage coverage;
  std::vector<Array> item_weights;  // (h, w) per item of the batch, for the hooks
  std::int64_t tokens = 0;          // positions of its text, repeated to a length that others share

  [[nodiscard]] bool fits(const Job& other) const {
    return coverage.area.height == other.coverage.area.height &&
           coverage.area.width == other.coverage.area.width &&
           lengths_fit(entry->context->dim(1), other.entry->context->dim(1)) &&
           entry->control == other.entry->control &&
           entry->control_context == other.entry->control_context;
  }
};

bool is_scale_one(float scale) {
  return std::abs(scale - 1.0F) <= 1e-9F * std::max(std::abs(scale), 1.0F);
}

float cfg_scale_at(const Model& model, float cfg, float sigma) {
  for (const CfgOverride& one : model.cfg_overrides) {
    if (sigma <= one.sigma_start && sigma >= one.sigma_end) cfg = one.cfg;
  }
  return cfg;
}

Denoiser::Denoiser(const Model& model, const PreparedConditioning& conditioning,
                   RunScratch& scratch, const DenoiseOptions& options)
    : model_(model), conditioning_(conditioning), scratch_(scratch), options_(options) {}

// The network's input (jobs * B, C, h, w) with the channels that each job's entry puts beside it.
Array Denoiser::with_concat(Array input, std::span<const Job* const> jobs) {
  if (jobs.front()->entry->concat.empty()) return input;
  const std::int64_t batch = input.dim(0) / static_cast<std::int64_t>(jobs.size());
  const std::int64_t cells = input.dim(2) * input.dim(3);
  std::vector<std::vector<Array>> beside;  // per job: (B, c, h, w) each
  std::int64_t channels = input.dim(1);
  for (const Job* job : jobs) {
    beside.emplace_back();
    for (const auto& part : job->entry->concat) {
      beside.back().push_back(crop(spread_to_batch(*part, batch), job->coverage.area));
    }
  }
  for (const Array& part : beside.front()) channels += part.dim(1);
  Array out({input.dim(0), channels, input.dim(2), input.dim(3)});
  float* to = out.data();
  for (std::int64_t row = 0; row < input.dim(0); ++row) {
    to = std::copy_n(input.data() + row * input.dim(1) * cells, input.dim(1) * cells, to);
    for (const Array& part : beside[static_cast<std::size_t>(row / batch)]) {
      const std::int64_t item = part.dim(1) * cells;
      to = std::copy_n(part.data() + row % batch * item, item, to);
    }
  }
  return out;
}

Array Denoiser::call_network(std::span<const Job* const> jobs, const Array& x, float sigma,
                             const Patches& patches) {
  const std::int64_t batch = x.dim(0);
  const auto rows = static_cast<std::size_t>(batch) * jobs.size();
  const std::int64_t tokens = jobs[0]->tokens;
  UnetPass pass{.rows = {},
                .sigma = sigma,
                .latent_height = x.dim(2),
                .latent_width = x.dim(3),
                .scratch = &scratch_};
  std::vector<Array> crops;
  const std::int64_t width = jobs[0]->entry->context->dim(2);
  Array context({static_cast<std::int64_t>(rows), tokens, width});
  float* to = context.data();
  std::vector<Array> vectors;
  for (const Job* job : jobs) {
    crops.push_back(crop(x, job->coverage.area));
    const Array& from = *job->entry->context;
    require(from.dim(2) == width, Fault::bad_input,
            "text conditionings of widths {} and {} cannot be used together", width, from.dim(2));
    const TokenTexts* const texts = job->entry->tokens.get();
    const bool known = texts != nullptr && std::cmp_equal(texts->size(), from.dim(1));
    for (std::int64_t b = 0; b < batch; ++b) {
      pass.rows.push_back({.role = job->role,
                           .item = static_cast<int>(b),
                           .area = job->coverage.area,
                           .weight = &job->item_weights[static_cast<std::size_t>(b)],
                           .tokens = known ? texts : nullptr});
      for (std::int64_t t = 0; t < tokens; t += from.dim(1)) {
        to = std::copy_n(from.data(), from.dim(1) * width, to);
      }
      if (job->entry->vector) vectors.push_back(*job->entry->vector);
    }
  }
  const Array noisy = concat(crops);
  const std::vector<float> sigmas(rows, sigma);
  const Array scaled = model_.sampling.calculate_input(sigmas, noisy);
  models::UnetInput input{.x = upload(*model_.device, to_channels_last(scaled)),
                          .timesteps = std::vector<float>(rows, model_.sampling.timestep(sigma)),
                          .context = upload(*model_.device, context),
                          .vector = {}};
  if (!vectors.empty()) input.vector = upload(*model_.device, concat(vectors));
  if (const auto& control = jobs[0]->entry->control) {
    models::UnetInput seen = input;
    if (const auto& own = jobs[0]->entry->control_context) {
      const std::vector<Array> copies(rows, *own);
      seen.context = upload(*model_.device, concat(copies));
    }
    input.control = controls_(*control, model_.sampling,
                              {.input = std::move(seen),
                               .sigma = sigma,
                               .entries = static_cast<std::int64_t>(jobs.size()),
                               .batch = batch});
  }
  // A ControlNet sees the latent alone; an inpainting UNet sees more.
  if (!jobs[0]->entry->concat.empty()) {
    input.x = upload(*model_.device, to_channels_last(with_concat(scaled, jobs)));
  }
  ++calls_;
  const Array output = to_channels_first(download((*model_.unet)(input, patches, pass)));
  return model_.sampling.calculate_denoised(sigmas, output, noisy);
}

const std::vector<PreparedEntry>& Denoiser::entries(PromptList list) const {
  switch (list) {
    case PromptList::negative:
      return conditioning_.negative;
    case PromptList::further:
      return conditioning_.further;
    case PromptList::positive:
      break;
  }
  return conditioning_.positive;
}

// Some samplers change the size of the latent; what was fitted to the run's does not follow.
void Denoiser::require_same_size(const PreparedEntry& entry, const Array& x) const {
  const RunLatent& latent = conditioning_.latent;
  const bool same = x.dim(2) == latent.height && x.dim(3) == latent.width;
  require(same || (!entry.mask && entry.concat.empty()), Fault::unsupported,
          "the latent of {}x{} cells has become one of {}x{}: masks and pictures of conditionings "
          "cannot follow",
          latent.width, latent.height, x.dim(3), x.dim(2));
}

std::vector<Denoiser::Job> Denoiser::jobs_of(std::span<const List> lists, const Array& x,
                                             float sigma) const {
  const std::int64_t batch = x.dim(0);
  std::vector<Job> jobs;
  const auto add = [&](std::size_t list, const PreparedEntry& entry, Coverage coverage) {
    Job job{.list = list,
            .role = lists[list].role,
            .entry = &entry,
            .coverage = std::move(coverage),
            .item_weights = {}};
    const Area& area = job.coverage.area;
    for (std::int64_t b = 0; b < batch; ++b) {
      job.item_weights.push_back(
          job.coverage.weight.slice(b, 1).reshaped({area.height, area.width}));
    }
    jobs.push_back(std::move(job));
  };
  for (std::size_t list = 0; list < lists.size(); ++list) {
    for (const PreparedEntry& entry : *lists[list].entries) {
      if (entry.elsewhere || !entry.active(sigma)) continue;
      require_same_size(entry, x);
      add(list, entry, coverage_of(entry, batch, x.dim(2), x.dim(3)));
    }
  }
  const std::size_t usual = jobs.size();
  for (std::size_t list = 0; list < lists.size(); ++list) {
    for (const PreparedEntry& entry : *lists[list].entries) {
      if (!entry.elsewhere || !entry.active(sigma)) continue;
      require_same_size(entry, x);
      std::vector<const Coverage*> others;
      for (std::size_t i = 0; i < usual; ++i) {
        if (jobs[i].list == list) others.push_back(&jobs[i].coverage);
      }
      Coverage left = coverage_elsewhere(entry, others, batch, x.dim(2), x.dim(3));
      const auto counts = [](float weight) { return weight > 0; };
      if (std::ranges::any_of(left.weight.values(), counts)) add(list, entry, std::move(left));
    }
  }
  return jobs;
}

std::vector<Array> Denoiser::evaluate(std::span<const List> lists, const Array& x, float sigma,
                                      const Patches& patches) {
  const std::int64_t batch = x.dim(0);
  std::vector<Job> jobs = jobs_of(lists, x, sigma);
  std::vector<Blend> blends(lists.size(), Blend(x.shape()));
  std::vector<Job*> pending;
  for (Job& job : jobs) pending.push_back(&job);
  while (!pending.empty()) {
    std::vector<Job*> together;
    std::vector<Job*> later;
    for (Job* job : pending) (pending.front()->fits(*job) ? together : later).push_back(job);
    // Upstream evaluates a batch from its last entry to its first; sums then agree to the last bit.
    std::reverse(together.begin(), together.end());
    // What does not depend on the number of calls: the order of the sums, the length of the texts.
    std::int64_t tokens = 1;
    for (const Job* job : together) tokens = std::lcm(tokens, job->entry->context->dim(1));
    for (Job* job : together) job->tokens = tokens;
    const std::size_t most =
        options_.max_entries > 0 ? static_cast<std::size_t>(options_.max_entries) : together.size();
    const std::vector<const Job*> all(together.begin(), together.end());
    for (std::span<const Job* const> left = all; !left.empty();) {
      const auto call = left.first(std::min(most, left.size()));
      const Array predictions = call_network(call, x, sigma, patches);
      for (std::size_t i = 0; i < call.size(); ++i) {
        blends[call[i]->list].add(predictions.slice(static_cast<std::int64_t>(i) * batch, batch),
                                  call[i]->coverage);
      }
      left = left.subspan(call.size());
    }
    pending = std::move(later);
  }
  std::vector<Array> results;
  for (Blend& blend : blends) results.push_back(std::move(blend).finish());
  return results;
}

std::vector<Array> Denoiser::predict(std::span<const Ask> asks, const Array& x, float sigma) {
  std::vector<List> lists;
  for (const Ask& ask : asks) lists.push_back({.entries = &entries(ask.list), .role = ask.role});
  return evaluate(lists, x, sigma, model_.patches);
}

Array Denoiser::predict_with(const Model& model, const Conditioning& conditioning, Role role,
                             const Array& x, float sigma) {
  const auto prepared = prepare_conditioning(conditioning, {}, model, conditioning_.latent);
  Denoiser other(model, prepared, scratch_, options_);
  const Ask ask{.role = role};
  Array prediction = std::move(other.predict({&ask, 1}, x, sigma).front());
  calls_ += other.calls();
  return prediction;
}

Guided Denoiser::guide(Pair pair, float scale, const Array& x, float sigma) {
  Predictions& predictions = pair.predictions;
  Array result;
  const CfgState state{
      .x = x,
      .sigma = sigma,
      .scale = scale,
      .sampling = model_.sampling,
      .cond = predictions.cond,
      .uncond = predictions.uncond,
      .has_uncond = pair.has_uncond && has(pair.uncond),
      .result = result,
      .patches = model_.patches,
      .scratch = scratch_,
      .sag_observers = model_.sag_observers,
      .denoise =
          [&](Role role, const Array& at, const Patches& patches) {
            const bool negative = role == Role::degraded || role == Role::uncond;
            const List list{.entries = &entries(negative ? pair.uncond : pair.cond), .role = role};
            return evaluate({&list, 1}, at, sigma, patches).front();
          },
      .denoise_with =
          [&](const Conditioning& own, const Array& at, const Patches& patches) {
            RunLatent latent = conditioning_.latent;
            latent.height = at.dim(2);
            latent.width = at.dim(3);
            const auto prepared = prepare_conditioning(own, {}, model_, latent);
            const List list{.entries = &prepared.positive, .role = Role::extra};
            return evaluate({&list, 1}, at, sigma, patches).front();
          }};
  if (pair.pre_cfg) {
    for (const PreCfgFn& hook : model_.pre_cfg) predictions = hook(state);
  }
  result = model_.cfg ? model_.cfg(state)
                      : predictions.uncond + (predictions.cond - predictions.uncond) * scale;
  for (const PostCfgFn& hook : model_.post_cfg) result = hook(state);
  return {.denoised = std::move(result), .uncond = std::move(predictions.uncond)};
}

Guided Denoiser::operator()(const Array& x, float sigma) {
  constexpr Ask kCond{.list = PromptList::positive, .role = Role::cond};
  constexpr Ask kUncond{.list = PromptList::negative, .role = Role::uncond};
  const float scale = cfg_scale_at(model_, options_.cfg, sigma);
  const bool with_uncond = !is_scale_one(scale) || model_.needs_uncond || options_.needs_uncond;
  std::vector<Ask> asks{kCond};
  if (with_uncond) asks.push_back(kUncond);
  std::vector<Array> predictions = predict(asks, x, sigma);
  predictions.resize(2, Array(x.shape()));
  return guide(
      {.predictions = {.cond = std::move(predictions[0]), .uncond = std::move(predictions[1])},
       .has_uncond = with_uncond,
       .pre_cfg = true},
      scale, x, sigma);
}

}  // namespace sagitta
