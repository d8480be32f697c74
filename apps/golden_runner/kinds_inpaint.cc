// Networks that see a mask and a picture beside the noise: the node that gives them both, one network
// call, runs.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "golden_runner/node_call.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/concat.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/sample.h"

#include <algorithm>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Conditioning;
using sagitta::Fault;
using sagitta::Json;
using sagitta::Latent;
using sagitta::require;

bool matches(const GoldenFile& file) {
  return file.folder == "models" && file.has("concat_latent") && file.has("concat_mask");
}

// What InpaintModelConditioning makes of the file's picture and mask.
struct Prepared {
  Conditioning positive;
  Conditioning negative;
  Latent latent;
};

Prepared prepare(const GoldenFile& file, Context& context, bool noise_mask) {
  const auto values = run_node(context, "InpaintModelConditioning", {{"noise_mask", noise_mask}},
                               {{"positive", Conditioning{entry_of(file, "pos")}},
                                {"negative", Conditioning{entry_of(file, "neg")}},
                                {"vae", vae_of(file, context)},
                                {"pixels", file.array("pixels")},
                                {"mask", file.array("mask")}});
  return {.positive = std::any_cast<Conditioning>(values.at(0)),
          .negative = std::any_cast<Conditioning>(values.at(1)),
          .latent = std::any_cast<Latent>(values.at(2))};
}

// Parts (1, c, H, W) with their channels one after the other, as they lie in the network's input.
Array joined(const std::vector<std::shared_ptr<const Array>>& parts) {
  std::vector<Array> planes;
  std::int64_t channels = 0;
  for (const auto& part : parts) {
    channels += part->dim(1);
    planes.push_back(part->reshaped({part->dim(1), part->dim(2), part->dim(3)}));
  }
  const Array all = concat(planes);
  return all.reshaped({1, channels, all.dim(1), all.dim(2)});
}

void check_call(const GoldenFile& file, Context& context, const Prepared& prepared, Report& report) {
  const Tolerance tolerance = file.tolerances().of("calls");
  const sagitta::Model model = model_of(file, context);
  const Array x = file.array("x");
  const float sigma = file.array("sigma")[0];
  const auto beside = sagitta::concat_channels(prepared.positive.front(), model,
                                               {.height = x.dim(2), .width = x.dim(3)});
  report.check("c_concat", joined(beside), file.array("c_concat"), tolerance);
  const Array scaled = model.sampling.calculate_input(std::vector<float>{sigma}, x);
  report.check("unet_in",
               joined({std::make_shared<const Array>(scaled),
                       std::make_shared<const Array>(joined(beside))}),
               file.array("unet_in"), tolerance);
  const auto conditioning =
      prepare_conditioning(prepared.positive, prepared.negative, model, x.dim(2), x.dim(3));
  sagitta::RunScratch scratch;
  sagitta::Denoiser denoiser(model, conditioning, scratch, {.cfg = 1});
  report.check("denoised", denoiser(x, sigma).denoised, file.array("denoised"), tolerance);

  const sagitta::ConditioningEntry plain = entry_of(file, "pos");
  const Array blank = file.array("blank_inpaint_latent");
  const auto unmasked =
      sagitta::concat_channels(plain, model, {.height = blank.dim(2), .width = blank.dim(3)});
  report.check("blank_inpaint_latent", *unmasked.at(1), blank, tolerance);
}

// run/<case>/sag|nosag
void check_run(const GoldenFile& file, Context& context, const std::string& name, Report& report) {
  const Json params = file.params();
  const auto parts = name_parts(name);
  require(parts.size() == 3, Fault::bad_file, "the name should be run/case/sag|nosag");
  std::string_view what = parts[1];
  sagitta::SampleParams run;
  run.seed = field<std::uint64_t>(params, "seed");
  run.steps = field<int>(params, "steps");
  run.cfg = field<float>(params, "cfg");
  run.sampler = field<std::string>(params, "sampler");
  run.scheduler = field<std::string>(params, "scheduler");
  if (what.starts_with("denoise")) {
    run.denoise = number_in(what, "denoise");
    what.remove_prefix(what.find('_') + 1);
  }
  Prepared prepared = prepare(file, context, !what.starts_with("without_noise_mask"));
  if (what.starts_with("plain_conditioning")) {
    prepared.positive = {entry_of(file, "pos")};
    prepared.negative = {entry_of(file, "neg")};
    if (what.ends_with("no_mask")) prepared.latent.noise_mask.reset();
  } else if (what.starts_with("batch2_empty_latent")) {
    run.seed = field<std::uint64_t>(params, "seed_b2");
    prepared.latent = {.samples = Array(file.array("noise_b2").shape())};
  }
  const auto sag = field<std::vector<float>>(params, "sag");
  const sagitta::Model plain = model_of(file, context);
  const sagitta::Model guided = with_sag(plain, {.scale = sag.at(0), .blur_sigma = sag.at(1)});
  report.check(name,
               sample(parts[2] == "sag" ? guided : plain, prepared.positive, prepared.negative,
                      prepared.latent, run),
               file.array(name), file.tolerances().of("runs"));
}

void run(const GoldenFile& file, Context& context, Report& report) {
  const Tolerance tolerance = file.tolerances().of("calls");
  const Prepared prepared = prepare(file, context, true);
  const sagitta::ConditioningEntry& entry = prepared.positive.front();
  report.check("concat_latent", *entry.concat_latent, file.array("concat_latent"), tolerance);
  report.check("concat_mask", *entry.concat_mask, file.array("concat_mask"), tolerance);
  report.check("latent", prepared.latent.samples, file.array("latent"), tolerance);
  report.check("noise_mask", *prepared.latent.noise_mask, file.array("noise_mask"), tolerance);
  report.attempt("call", [&] { check_call(file, context, prepared, report); });
  for (const auto& [name, tensor] : file.tensors) {
    if (!name.starts_with("run/")) continue;
    report.attempt(name, [&, &name = name] { check_run(file, context, name, report); });
  }
}

}  // namespace

const Kind kInpaintKind{.name = "inpainting models", .matches = matches, .run = run};

}  // namespace golden
