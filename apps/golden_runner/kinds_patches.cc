// Models with patches: single evaluations and short runs, alone and in stacks with SAG.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "golden_runner/node_call.h"
#include "golden_runner/patch_names.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/attention_multiply.h"
#include "sagitta/diffusion/sample.h"

#include <algorithm>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Conditioning;
using sagitta::Json;
using sagitta::Model;
using sagitta::SampleParams;

bool has_param(const GoldenFile& file, std::string_view name) {
  return file.folder == "patches" && file.has_header("params") && file.has("noise") &&
         file.header("params").find(fmt::format("\"{}\"", name)) != std::string::npos;
}
bool is_patches(const GoldenFile& file) { return has_param(file, "pag_scale"); }
bool is_guidance(const GoldenFile& file) {
  return file.folder == "patches" && file.has("cond_pred0") && file.has("noise");
}
bool is_more(const GoldenFile& file) { return has_param(file, "multipliers"); }

struct Setup {
  Model model;
  Conditioning positive;
  Conditioning negative;
  SampleParams params;
  Array noise;

  Setup(const GoldenFile& file, Context& context)
      : model(model_of(file, context)),
        positive{entry_of(file, "pos")},
        negative{entry_of(file, "neg")},
        noise(file.array("noise")) {
    const Json stated = file.params();
    params.seed = field<std::uint64_t>(stated, "seed");
    params.steps = field<int>(stated, "steps");
    params.scheduler = field<std::string>(stated, "scheduler");
    params.sampler = "euler";
    if (stated.contains("cfg")) params.cfg = field<float>(stated, "cfg");
  }

  [[nodiscard]] Array run(const Model& patched, const SampleParams& how) const {
    return sample(patched, positive, negative, {.samples = Array(noise.shape())}, how);
  }
};

// What upstream makes of PAG beside SAG: the transformer that SAG looks at stays as it is.
Model with_pag_beside_sag(Model model, float scale) {
  model.post_cfg.emplace_back(
      [=, depth = model.unet.spec().middle_depth](const sagitta::CfgState& state) {
        sagitta::Patches patches = state.patches;
        for (int i = 1; i < depth; ++i) {
          patches = patches.around_attn(
              {.site = sagitta::AttnSite{.stage = sagitta::Stage::middle, .block = 0, .depth = i}},
              [](const sagitta::AttnCall& call, const sagitta::AttendFn&) { return call.v; });
        }
        const Array perturbed = state.denoise(sagitta::Role::perturbed, state.x, patches);
        return state.result + (state.cond - perturbed) * scale;
      });
  return model;
}

// A stack as upstream computes it.
Model as_upstream(Model model, std::string_view stack, const GoldenFile& file) {
  for (const std::string_view name : stacked_patches(stack)) {
    model = name == "pag" ? with_pag_beside_sag(std::move(model),
                                                field<float>(file.params(), "pag_scale_in_stacks"))
                          : with_patch(std::move(model), name, file, true).value();
  }
  return model;
}

bool has_both(std::string_view stack) {
  const auto names = stacked_patches(stack);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  return has("sag") && has("pag");
}

// patch/sampler/cfgC, and step/patch/cfgC at step_x, step_sigma.
void check_patches(const GoldenFile& file, Context& context, Report& report) {
  const Setup setup(file, context);
  const Tolerance tolerance = file.tolerances().first();
  for (const auto& [name, tensor] : file.tensors) {
    const auto parts = name_parts(name);
    if (parts.size() != 3) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const bool step = parts[0] == "step";
      const std::string_view stack = step ? parts[1] : parts[0];
      std::optional<Model> model = with_patches(setup.model, stack, file);
      if (!model) return report.skip(name, "no such patch is known");
      std::string label = name;
      if (has_both(stack)) {
        report.skip(name, "upstream loses PAG where SAG looks; here both act");
        model = as_upstream(setup.model, stack, file);
        label += " as upstream has it";
      }
      SampleParams how = setup.params;
      how.cfg = static_cast<float>(number_in(parts[2], "cfg"));
      if (!step) {
        how.sampler = parts[1];
        return report.check(label, setup.run(*model, how), to_array(tensor), tolerance);
      }
      const Array x = file.array("step_x");
      const auto conditioning =
          prepare_conditioning(setup.positive, setup.negative, *model, x.dim(2), x.dim(3));
      sagitta::RunScratch scratch;
      sagitta::Denoiser denoiser(*model, conditioning, scratch, {.cfg = how.cfg});
      report.check(label, denoiser(x, file.array("step_sigma")[0]).denoised, to_array(tensor),
                   tolerance);
    });
  }
}

// patch/step0/cfgC and then patch/step1/cfgC in one run, and patch/run/cfgC.
void check_guidance(const GoldenFile& file, Context& context, Report& report) {
  const Setup setup(file, context);
  const Tolerances tolerances = file.tolerances();
  for (const auto& [name, tensor] : file.tensors) {
    const auto parts = name_parts(name);
    if (parts.size() != 3 || parts[1] == "step1") continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const std::optional<Model> model = with_patches(setup.model, parts[0], file);
      if (!model) return report.skip(name, "no such patch is known");
      SampleParams how = setup.params;
      how.cfg = static_cast<float>(number_in(parts[2], "cfg"));
      if (parts[1] == "run") {
        return report.check(name, setup.run(*model, how), to_array(tensor), tolerances.of("runs"));
      }
      const auto conditioning = prepare_conditioning(
          setup.positive, setup.negative, *model, file.array("x0").dim(2), file.array("x0").dim(3));
      sagitta::RunScratch scratch;
      sagitta::Denoiser denoiser(*model, conditioning, scratch, {.cfg = how.cfg});
      for (const char* step : {"0", "1"}) {
        const std::string label = fmt::format("{}/step{}/{}", parts[0], step, parts[2]);
        const Array got = denoiser(file.array(std::string("x") + step),
                                   file.array(std::string("sigma") + step)[0])
                              .denoised;
        report.check(label, got, file.array(label), tolerances.of("steps"));
      }
    });
  }
}

void check_clip_multiply(const GoldenFile& file, Context& context, Report& report) {
  constexpr const char* kHidden = "clip_attention_multiply/hidden";
  constexpr const char* kPooled = "clip_attention_multiply/pooled";
  if (!file.has(kHidden)) return;
  const auto& checkpoint = checkpoint_of(file, context);
  const Json params = file.params();
  const auto factors = field<std::vector<float>>(params, "multipliers");
  const sagitta::Clip clip = sagitta::with_attention_factors(
      make_clip(context.device(), checkpoint).value(),
      {.q = factors.at(0), .k = factors.at(1), .v = factors.at(2), .out = factors.at(3)});
  const auto encoded = encode_text(clip, field<std::vector<std::string>>(params, "prompts").at(0));
  const Tolerance tolerance = file.tolerances().first();
  report.check(kHidden, encoded.context, file.array(kHidden), tolerance);
  report.check(kPooled, encoded.pooled, file.array(kPooled), tolerance);
}

// The model merged with itself under a LoRA, as the name says.
std::optional<Model> with_merge(const Model& model, const std::string& name, const GoldenFile& file,
                                Context& context) {
  const std::string path = context.root() / field<std::string>(file.params(), "lora");
  const auto node = [&](const char* id, const Json& widgets, Links links) {
    return run_node_for<Model>(context, id, widgets, std::move(links));
  };
  const Model other = node("LoraLoaderModelOnly", {{"lora_name", path}}, {{"model", model}});
  const Links both{{"model1", model}, {"model2", other}};
  if (name.starts_with("merge_simple_")) {
    return node("ModelMergeSimple", {{"ratio", number_in(name, "simple_")}}, both);
  }
  if (name.starts_with("merge_blocks_")) {
    return node("ModelMergeBlocks",
                {{"input", number_in(name, "input")},
                 {"middle", number_in(name, "middle")},
                 {"out", number_in(name, "out")}},
                both);
  }
  if (name.starts_with("merge_add_of_difference_")) {
    const Model difference =
        node("ModelMergeSubtract", {{"multiplier", number_in(name, "difference_")}},
             {{"model1", other}, {"model2", model}});
    return node("ModelMergeAdd", Json::object(), {{"model1", model}, {"model2", difference}});
  }
  return std::nullopt;
}

// A run for every patch; the tensors without a slash that are not the inputs.
void check_more(const GoldenFile& file, Context& context, Report& report) {
  const Setup setup(file, context);
  const Tolerance tolerance = file.tolerances().first();
  for (const auto& [name, tensor] : file.tensors) {
    if (name == "noise" || name == "pos" || name == "neg") continue;
    if (name.find('/') != std::string::npos) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const std::optional<Model> model = name.starts_with("merge_")
                                             ? with_merge(setup.model, name, file, context)
                                             : with_patches(setup.model, name, file);
      if (!model) return report.skip(name, "no such patch is known");
      report.check(name, setup.run(*model, setup.params), to_array(tensor), tolerance);
    });
  }
  report.attempt("clip_attention_multiply", [&] { check_clip_multiply(file, context, report); });
}

}  // namespace

const Kind kPatchesKind{.name = "model patches", .matches = is_patches, .run = check_patches};
const Kind kGuidanceKind{.name = "guidance patches", .matches = is_guidance, .run = check_guidance};
const Kind kMorePatchesKind{.name = "further patches", .matches = is_more, .run = check_more};

}  // namespace golden
