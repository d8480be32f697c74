// How much of Self-Attention Guidance survives when its degraded pass is saved: a table of ways to
// save it, each against the exact method on the same prompts and seeds.
//   sag_economy MODEL.safetensors [STEPS] [SCALE] [CFG] [SAMPLER] [PICTURES]
// "passes" are degraded passes per evaluation; exact SAG costs 1 + passes / 2 of classifier-free
// guidance. "cosine" compares the saved push with the exact one where the exact run passes by.
#include "sagitta/backend/open.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/guidance/gaussian_blur.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/models/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace {

using namespace sagitta;

// What stands in for the push between two degraded passes.
enum class Between {
  keep,          // the last push, in units of the noise
  keep_x0,       // the last push as it was
  extrapolate,   // in units of the noise, continued half-way along its change in log sigma
  follow_blur,   // the last push, changed by what the blur changes now, times a fitted factor
};

struct Way {
  std::string name;
  int evaluations_per_pass = 1;
  Between between = Between::keep;
  double start = 0;     // part of the schedule in which there is a push
  double end = 1;
  int frozen_from = 0;  // output block before which the degraded pass takes the features of the
                        // uncond pass; 0: none
};

struct Memory {
  sag::ReceivedMap received;
  Tensor features;
  bool in_pass = false;
  int age = 0;
  Array push;         // of the last pass, divided by its sigma
  Array push_before;  // of the one before
  Array blurred_away; // degraded - prediction of the last pass, divided by its sigma
  float sigma = 0;
  float sigma_before = 0;
};

struct Counts {
  int evaluations = 0;
  int passes = 0;
  double cosine = 0;
  int compared = 0;
};

double dot(const Array& a, const Array& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

Array stand_in(const Way& way, const Memory& memory, const Array& blurred_away, float sigma) {
  switch (way.between) {
    case Between::keep:
      return memory.push * sigma;
    case Between::keep_x0:
      return memory.push * memory.sigma;
    case Between::extrapolate: {
      if (memory.push_before.size() == 0) return memory.push * sigma;
      const float t = std::log(sigma / memory.sigma) / std::log(memory.sigma / memory.sigma_before);
      return (memory.push + (memory.push - memory.push_before) * (0.5F * t)) * sigma;
    }
    case Between::follow_blur: {
      const double factor = dot(memory.push, memory.blurred_away) /
                            (dot(memory.blurred_away, memory.blurred_away) + 1e-12);
      return memory.push * sigma +
             (blurred_away - memory.blurred_away * sigma) * static_cast<float>(factor);
    }
  }
  return {};
}

// The rows of the uncond pass, which are neighbours; nothing in a pass without them.
Tensor uncond_rows(const Tensor& h, const UnetPass& pass) {
  const auto is_uncond = [](const Row& row) { return row.role == Role::uncond; };
  const auto first = std::find_if(pass.rows.begin(), pass.rows.end(), is_uncond);
  const auto count = std::count_if(pass.rows.begin(), pass.rows.end(), is_uncond);
  return count == 0 ? Tensor() : h.slice(first - pass.rows.begin(), count);
}

// compare: the run goes the exact way, and what the saved way would do is only compared with it.
Model with_way(Model model, float scale, const Way& way, Counts& counts, bool compare) {
  const HookId id = make_hook_id();
  model.needs_uncond = true;
  model.patches = model.patches.observe_received(
      {.stage = Stage::middle, .block = 0, .depth = 0}, Role::uncond,
      [id](const ReceivedAttention& seen) {
        seen.pass.scratch->get<Memory>(id).received.add(seen, Role::uncond);
      });
  if (way.frozen_from > 0) {
    model.patches = model.patches.change_output_block([id, way](BlockJoin join, const UnetBlock& block) {
      if (block.index != way.frozen_from) return join;
      Memory& memory = block.pass.scratch->get<Memory>(id);
      if (memory.in_pass) {
        join.h = memory.features;
      } else if (const Tensor rows = uncond_rows(join.h, block.pass); rows) {
        memory.features = rows;
      }
      return join;
    });
  }
  model.post_cfg.emplace_back([id, scale, way, compare, &counts](const CfgState& state) {
    Memory& memory = state.scratch.get<Memory>(id);
    const sag::ReceivedMap received = std::exchange(memory.received, {});
    ++counts.evaluations;
    const double percent = state.sampling.percent_of(state.sigma);
    if (percent < way.start || percent > way.end) return state.result;
    const Array degraded =
        sag::degrade(state.uncond, sag::blur(state.uncond, 2), sag::mask(received.mean()));
    const Array blurred_away = degraded - state.uncond;
    const auto exact = [&] {
      return degraded - state.denoise(Role::degraded, degraded + state.x - state.uncond, state.patches);
    };
    const bool fresh = memory.age++ % way.evaluations_per_pass == 0;
    Array push;
    if (fresh) {
      ++counts.passes;
      memory.in_pass = way.frozen_from > 0;
      push = exact();
      memory.in_pass = false;
      memory.push_before = std::exchange(memory.push, push * (1 / state.sigma));
      memory.sigma_before = std::exchange(memory.sigma, state.sigma);
      memory.blurred_away = blurred_away * (1 / state.sigma);
    } else {
      push = stand_in(way, memory, blurred_away, state.sigma);
    }
    if (compare && (!fresh || way.frozen_from > 0)) {
      const Array right = exact();
      counts.cosine += dot(right, push) / std::sqrt(dot(right, right) * dot(push, push) + 1e-30);
      ++counts.compared;
      push = right;
    }
    return state.result + push * scale;
  });
  return model;
}

double psnr(const Array& a, const Array& b) {
  double error = 0;
  for (std::size_t i = 0; i < a.size(); ++i) error += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return -10 * std::log10(error / static_cast<double>(a.size()) + 1e-20);
}

std::vector<Way> ways() {
  std::vector<Way> all{{.name = "no SAG", .start = 1, .end = 0}};
  for (const int count : {2, 3, 4, 6}) {
    all.push_back({.name = fmt::format("a pass for {} evaluations", count), .evaluations_per_pass = count});
  }
  for (const auto& [name, between] : {std::pair{"push kept in x0", Between::keep_x0},
                                      std::pair{"push extrapolated", Between::extrapolate},
                                      std::pair{"push follows the blur", Between::follow_blur}}) {
    all.push_back({.name = fmt::format("a pass for 4, {}", name), .evaluations_per_pass = 4, .between = between});
  }
  for (const auto& [start, end] : {std::pair{0.0, 0.5}, std::pair{0.2, 0.7}, std::pair{0.5, 1.0}}) {
    all.push_back({.name = fmt::format("interval {} to {}", start, end), .start = start, .end = end});
  }
  for (const int block : {1, 2, 3}) {
    all.push_back({.name = fmt::format("deep features frozen before u-block {}", block), .frozen_from = block});
  }
  return all;
}

constexpr const char* kPrompts[] = {
    "a fox on a teal background",         "a rocket and a robot on a navy background",
    "an owl on a purple background",      "a birthday cake on a pink background",
    "a sailboat on a cyan background",    "a mushroom on a green background"};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: sag_economy MODEL.safetensors [STEPS] [SCALE] [CFG] [SAMPLER] [PICTURES]\n");
    return 2;
  }
  const auto argument = [&](int i, const char* otherwise) { return argc > i ? argv[i] : otherwise; };
  const int steps = std::atoi(argument(2, "20"));
  const auto scale = static_cast<float>(std::atof(argument(3, "0.5")));
  const auto cfg = static_cast<float>(std::atof(argument(4, "3")));
  const std::string sampler = argument(5, "dpmpp_2m");
  const auto pictures = static_cast<std::size_t>(std::atoi(argument(6, "6")));

  const auto device = open_device("cpu");
  const models::Checkpoint file = models::load_checkpoint(argv[1], {.compute = *device, .text = *device});
  const Model base = make_model(*device, *file.spec, file.unet);
  const Clip clip = make_clip(*device, file).value();
  const Vae vae = make_vae(*device, file).value();
  const Conditioning negative = encode_prompt(clip, "");
  const auto run = [&](const Way& way, Counts& counts, std::size_t picture, bool compare) {
    const Model model = with_way(base, scale, way, counts, compare);
    const SampleParams params{.sampler = sampler, .scheduler = "karras", .steps = steps, .cfg = cfg, .seed = 100 + picture};
    const Latent latent{.samples = Array({1, 4, 16, 16})};
    const char* prompt = kPrompts[picture % std::size(kPrompts)];
    return decode(vae, sample(model, encode_prompt(clip, prompt), negative, latent, params));
  };

  Counts unused;
  std::vector<Array> exact;
  for (std::size_t i = 0; i < pictures; ++i) exact.push_back(run({}, unused, i, false));
  fmt::print("{} steps, scale {}, CFG {}, {}, {} pictures\n", steps, scale, cfg, sampler, pictures);
  fmt::print("| way | passes | cost / CFG | PSNR mean | worst | cosine |\n| --- | --- | --- | --- | --- | --- |\n");
  for (const Way& way : ways()) {
    Counts counts;
    double sum = 0;
    double worst = 1e9;
    for (std::size_t i = 0; i < pictures; ++i) {
      const double one = psnr(run(way, counts, i, false), exact[i]);
      sum += one;
      worst = std::min(worst, one);
    }
    Counts compared;
    for (std::size_t i = 0; i < std::min<std::size_t>(pictures, 2); ++i) run(way, compared, i, true);
    const double passes = static_cast<double>(counts.passes) / counts.evaluations;
    fmt::print("| {} | {:.2f} | {:.3f} | {:.1f} | {:.1f} | {} |\n", way.name, passes, 1 + passes / 2,
               sum / static_cast<double>(pictures), worst,
               compared.compared == 0 ? "" : fmt::format("{:.2f}", compared.cosine / compared.compared));
    std::fflush(stdout);
  }
}
