// Adapters: weights, network outputs and text encodings with LoRA files applied in order.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/lora.h"
#include "sagitta/diffusion/sample.h"

#include <algorithm>
#include <set>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Clip;
using sagitta::Json;
using sagitta::LoraTarget;
using sagitta::Model;
namespace models = sagitta::models;

constexpr std::string_view kUnet = "diffusion_model.";
constexpr std::string_view kPatched = "patched/";
constexpr std::string_view kPatchedText = "patched_text/";

bool is_lora(const GoldenFile& file) { return file.folder == "lora" && file.has("unet_out"); }
bool is_lora_run(const GoldenFile& file) { return file.has("pos_after_lora"); }

models::Lora read(const std::string& name, Context& context) {
  return models::read_lora(sagitta::io::open_safetensors(context.root() / name).tensors, name);
}

// Attention layers in the usual PEFT spelling, which upstream overlooks and sagitta reads.
bool is_overlooked(std::string_view module) {
  return module.find(".attn") != std::string_view::npos &&
         module.find(".to_") != std::string_view::npos &&
         module.find(".processor.") == std::string_view::npos &&
         module.find("_blocks.") != std::string_view::npos && !module.starts_with("diffusion_model.");
}

// The file as upstream reads it.
models::Lora as_upstream(models::Lora lora, Report& report) {
  const std::size_t left_out = std::erase_if(
      lora.modules, [](const auto& module) { return is_overlooked(module.first); });
  if (left_out > 0) {
    report.skip(lora.name, fmt::format("{} modules that upstream overlooks", left_out));
  }
  return lora;
}

std::optional<Clip> clip_of(const GoldenFile& file, Context& context) {
  return make_clip(context.device(), checkpoint_of(file, context));
}

// The encoder that a name such as "clip_g.transformer.text_model..." speaks of.
const models::Weights& text_weights(const Clip& clip, std::string_view name) {
  for (const auto& encoder : clip.encoders) {
    if (name.find(encoder.spec().key) != std::string_view::npos) return encoder.weights();
  }
  throw sagitta::Error(sagitta::Fault::bad_file, fmt::format("{}: no such text encoder", name));
}

void check_weights(const GoldenFile& file, const LoraTarget& target, const Tolerance& tolerance,
                   Report& report) {
  for (const auto& [name, expected] : file.tensors) {
    const bool text = name.starts_with(kPatchedText);
    if (!text && !name.starts_with(kPatched)) continue;
    report.attempt(name, [&, &name = name, &expected = expected] {
      if (!text) {
        const std::string weight = name.substr(kPatched.size() + kUnet.size());
        report.check(name, target.model->unet.weights().value(weight), to_array(expected), tolerance);
        return;
      }
      const auto cut = name.find(".transformer.");
      const std::string weight = name.substr(cut + std::string_view(".transformer.").size());
      report.check(name, text_weights(*target.clip, name).value(weight), to_array(expected),
                   tolerance);
    });
  }
}

// The very weights that upstream changed, no more and no fewer.
void check_changed(const Json& params, const LoraTarget& target, Report& report) {
  std::set<std::string> expected;
  for (const Json& name : array_field(params, "unet_weights_changed")) {
    expected.insert(name.get<std::string>().substr(kUnet.size()));
  }
  std::set<std::string> changed;
  const models::Weights& weights = target.model->unet.weights();
  for (const std::string& name : weights.names()) {
    if (weights.edited(name)) changed.insert(name);
  }
  std::vector<std::string> differing;
  std::ranges::set_symmetric_difference(changed, expected, std::back_inserter(differing));
  report.check_that("changed weights", differing.empty(),
                    differing.empty() ? "" : differing.front() + " differs");
  std::ptrdiff_t count = 0;
  for (const auto& encoder : target.clip->encoders) {
    const models::Weights& text = encoder.weights();
    const auto names = text.names();
    count += std::ranges::count_if(names, [&](const std::string& name) { return text.edited(name); });
  }
  const int wanted = field<int>(params, "text_weights_changed");
  report.check_that("changed text weights", count == wanted,
                    fmt::format("{}, expected {}", count, wanted));
}

Array call_unet(const GoldenFile& file, const Model& model) {
  const Array x = file.array("x");
  const Array sigma = file.array("sigma");
  const Array scaled = model.sampling.calculate_input(sigma.values(), x);
  models::UnetInput input{.x = upload(*model.device, to_channels_last(scaled)),
                          .timesteps = {model.sampling.timestep(sigma[0])},
                          .context = upload(*model.device, file.array("context")),
                          .vector = {}};
  if (file.has("y")) input.vector = upload(*model.device, file.array("y"));
  return to_channels_first(download((*model.unet)(input)));
}

void check_text(const GoldenFile& file, const Clip& clip, const std::string& prompt,
                std::string_view ending, const Tolerance& tolerance, Report& report) {
  const std::string name = fmt::format("hidden{}", ending);
  if (!file.has(name)) return;
  const sagitta::EncodedText encoded = encode_text(clip, prompt);
  report.check(name, encoded.context, file.array(name), tolerance);
  const std::string pooled = fmt::format("pooled{}", ending);
  if (file.has(pooled)) report.check(pooled, encoded.pooled, file.array(pooled), tolerance);
}

void check_lora(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerances tolerances = file.tolerances();
  const LoraTarget base{.model = model_of(file, context), .clip = clip_of(file, context)};
  LoraTarget target = base;
  for (const Json& one : array_field(params, "stack")) {
    target = apply_lora(std::move(target),
                        as_upstream(read(field<std::string>(one, "file"), context), report),
                        {.model = field<float>(one, "strength_model"),
                         .clip = field<float>(one, "strength_clip")});
  }
  check_changed(params, target, report);
  check_weights(file, target, tolerances.of("weights"), report);
  report.check("unet_out", call_unet(file, *target.model), file.array("unet_out"),
               tolerances.of("unet_out"));
  report.check("unet_out_base", call_unet(file, *base.model), file.array("unet_out_base"),
               tolerances.of("unet_out"));
  const auto prompt = field<std::string>(params, "prompt");
  check_text(file, *target.clip, prompt, "", tolerances.of("hidden"), report);
  check_text(file, *base.clip, prompt, "_base", tolerances.of("hidden"), report);
}

void check_lora_run(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const LoraTarget target = sagitta::apply_lora(
      {.model = model_of(file, context), .clip = clip_of(file, context)},
      read(field<std::string>(params, "lora"), context),
      {.model = field<float>(params, "strength_model"), .clip = field<float>(params, "strength_clip")});
  check_weights(file, target, tolerance, report);
  const Json& prompts = array_field(params, "prompts");
  const sagitta::EncodedText positive = encode_text(*target.clip, prompts.at(0).get<std::string>());
  const sagitta::EncodedText negative = encode_text(*target.clip, prompts.at(1).get<std::string>());
  report.check("pos_after_lora", positive.context, file.array("pos_after_lora"), tolerance);
  report.check("neg_after_lora", negative.context, file.array("neg_after_lora"), tolerance);
  report.check("pooled_after_lora", positive.pooled, file.array("pooled_after_lora"), tolerance);
  sagitta::SampleParams run;
  run.seed = field<std::uint64_t>(params, "seed");
  run.steps = field<int>(params, "steps");
  run.cfg = field<float>(params, "cfg");
  run.sampler = field<std::string>(params, "sampler");
  run.scheduler = field<std::string>(params, "scheduler");
  const sagitta::Latent latent{.samples = Array(file.tensor("noise").shape)};
  const auto entry = [](const sagitta::EncodedText& text) {
    return sagitta::Conditioning{{.context = std::make_shared<const Array>(text.context)}};
  };
  const auto check = [&](const char* name, const Model& model) {
    report.attempt(name, [&] {
      report.check(name, sample(model, entry(positive), entry(negative), latent, run),
                   file.array(name), tolerance);
    });
  };
  check("out_euler", *target.model);
  check("out_euler_sag", with_sag(*target.model, {}));
}

}  // namespace

const Kind kLoraKind{.name = "adapters", .matches = is_lora, .run = check_lora};
const Kind kLoraRunKind{.name = "adapter runs", .matches = is_lora_run, .run = check_lora_run};

}  // namespace golden
