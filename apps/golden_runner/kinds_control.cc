// ControlNets: single calls, and runs through the nodes with and without SAG.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/control.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/models/controlnet/load_controlnet.h"

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Conditioning;
using sagitta::Control;
using sagitta::Json;
using sagitta::Model;
using ControlPtr = std::shared_ptr<const Control>;
namespace models = sagitta::models;

bool is_call(const GoldenFile& file) { return file.folder == "control" && file.has("unet_out0"); }
bool is_runs(const GoldenFile& file) { return file.folder == "control" && file.has("pos"); }

sagitta::ControlNet control_net(const Json& params, Context& context) {
  const auto path = context.root() / field<std::string>(params, "controlnet");
  return {.device = &context.device(), .net = models::load_controlnet(path, context.device())};
}

// What is there of "control<case>/middle/0" and "control<case>/output/<k>".
void check_residuals(const GoldenFile& file, int i, const models::ControlResiduals& residuals,
                     const Tolerance& tolerance, Report& report) {
  const auto check = [&](const std::string& name, const sagitta::Tensor& got) {
    if (!file.has(name)) return;
    report.check(name, to_channels_first(download(got)), file.array(name), tolerance);
  };
  check(fmt::format("control{}/middle/0", i), residuals.middle);
  for (std::size_t k = 0; k < residuals.skips.size(); ++k) {
    check(fmt::format("control{}/output/{}", i, k), residuals.skips[k]);
  }
}

void check_calls(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const Model model = model_of(file, context);
  const sagitta::ControlNet net = control_net(params, context);
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const auto name = [i](const char* tensor) { return fmt::format("{}{}", tensor, i); };
    report.attempt(name("case"), [&] {
      const Array x = file.array(name("x"));
      const Array sigma = file.array(name("sigma"));
      models::UnetInput input{
          .x = upload(context.device(),
                      to_channels_last(model.sampling.calculate_input(sigma.values(), x))),
          .timesteps = {},
          .context = upload(context.device(), file.array(name("context")))};
      for (const float value : sigma.values()) {
        input.timesteps.push_back(model.sampling.timestep(value));
      }
      const Control control{.net = net,
                            .hint = std::make_shared<const Array>(file.array(name("image"))),
                            .strength = field<float>(one, "strength")};
      const Array without = to_channels_first(download((*model.unet)(input)));
      report.check(name("unet_out_without"), without, file.array(name("unet_out_without")),
                   tolerance);
      sagitta::ControlRunner run;
      input.control = run(control, model.sampling,
                          {.input = input, .sigma = sigma[0], .entries = 1, .batch = x.dim(0)});
      check_residuals(file, i, *input.control, tolerance, report);
      const Array out = to_channels_first(download((*model.unet)(input)));
      report.check(name("unet_out"), out, file.array(name("unet_out")), tolerance);
      report.check(name("denoised"), model.sampling.calculate_denoised(sigma.values(), out, x),
                   file.array(name("denoised")), tolerance);
    });
  }
}

Conditioning controlled(Conditioning conditioning, const ControlPtr& control, bool for_negative) {
  for (auto& entry : conditioning) {
    entry.control = control;
    entry.control_for_negative = for_negative;
  }
  return conditioning;
}

void check_runs(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const sagitta::ControlNet net = control_net(params, context);
  const Model plain = model_of(file, context);
  const auto sag = field<std::vector<float>>(params, "sag");
  const Model guided = with_sag(plain, {.scale = sag.at(0), .blur_sigma = sag.at(1)});
  const Conditioning positive{entry_of(file, "pos")};
  const Conditioning negative{entry_of(file, "neg")};
  const auto make = [&](Control control, const char* image) {
    control.net = net;
    control.hint = std::make_shared<const Array>(file.array(image));
    return std::make_shared<const Control>(std::move(control));
  };
  sagitta::SampleParams base;
  base.steps = field<int>(params, "steps");
  base.cfg = field<float>(params, "cfg");
  base.sampler = field<std::string>(params, "sampler");
  base.scheduler = field<std::string>(params, "scheduler");
  for (const auto& [name, expected] : file.tensors) {
    if (!name.ends_with("/sag") && !name.ends_with("/nosag")) continue;
    report.attempt(name, [&, &name = name, &expected = expected] {
      const auto parts = name_parts(name);
      const std::string_view what = parts.at(0);
      sagitta::SampleParams run = base;
      run.seed = field<std::uint64_t>(params, what == "batch2" ? "seed_b2" : "seed");
      Conditioning pos = positive;
      Conditioning neg = negative;
      if (what == "advanced") {
        const ControlPtr control =
            make({.strength = static_cast<float>(number_in(parts.at(1), "strength")),
                  .start_percent = number_in(parts.at(1), "start"),
                  .end_percent = number_in(parts.at(1), "end")},
                 "image");
        pos = controlled(pos, control, false);
        neg = controlled(neg, control, false);
      } else if (what == "two_stacked") {
        const ControlPtr first = make({.strength = 0.6F}, "image");
        const ControlPtr both = make({.strength = 0.5F, .end_percent = 0.7, .previous = first}, "image2");
        pos = controlled(pos, both, false);
        neg = controlled(neg, both, false);
      } else if (what.starts_with("plain_node")) {
        pos = controlled(
            pos, make({.strength = static_cast<float>(number_in(what, "strength"))}, "image"), true);
      } else if (what == "batch2") {
        const ControlPtr control = make(
            {.strength = static_cast<float>(number_in(parts.at(1), "strength"))}, "image_b2");
        pos = controlled(pos, control, false);
        neg = controlled(neg, control, false);
      } else if (what != "none") {
        return report.skip(name, "no such case is known");
      }
      const sagitta::Latent latent{.samples = Array(expected.shape)};
      report.check(name, sample(name.ends_with("/sag") ? guided : plain, pos, neg, latent, run),
                   to_array(expected), tolerance);
    });
  }
}

}  // namespace

const Kind kControlCallKind{.name = "ControlNet call", .matches = is_call, .run = check_calls};
const Kind kControlRunsKind{.name = "ControlNet runs", .matches = is_runs, .run = check_runs};

}  // namespace golden
