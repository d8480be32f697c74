// Whole runs of the custom sampling nodes: guiders, samplers with options, cut schedules, added noise,
// Differential Diffusion. Every run goes through the nodes.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "golden_runner/node_call.h"
#include "sagitta/diffusion/guider.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/schedule.h"

#include <utility>

namespace golden {
namespace {

using namespace sagitta;  // NOLINT(google-build-using-namespace): nearly every name here is theirs

using Parts = std::vector<std::string_view>;

bool matches(const GoldenFile& file) {
  return file.folder == "custom" && !file.is_json() && file.has("noise") && file.has("image_latent");
}

// A sampler node's options as the names in the data abbreviate them.
struct SamplerCase {
  std::string_view name;
  std::string_view node;
  Json options;
};

// What the names leave out has the default of its node; but dpmpp_3m_sde was run with s_noise 1.05,
// which the file does not say: with it all 2048 numbers agree to rounding, with 1 they are far off.
const std::vector<SamplerCase>& sampler_cases() {
  static const std::vector<SamplerCase> cases{
      {"euler_ancestral_eta0.5_snoise1.1", "SamplerEulerAncestral", {{"eta", 0.5}, {"s_noise", 1.1}}},
      {"euler_ancestral_cfgpp_eta0.7", "SamplerEulerAncestralCFGPP", {{"eta", 0.7}}},
      {"lms_order2", "SamplerLMS", {{"order", 2}}},
      {"dpmpp_2s_ancestral_eta0.4", "SamplerDPMPP_2S_Ancestral", {{"eta", 0.4}}},
      {"dpmpp_3m_sde_eta0.6_cpu", "SamplerDPMPP_3M_SDE", {{"eta", 0.6}, {"s_noise", 1.05}}},
      {"dpmpp_2m_sde_heun_eta0.5_cpu", "SamplerDPMPP_2M_SDE", {{"solver_type", "heun"}, {"eta", 0.5}}},
      {"dpmpp_2m_sde_midpoint_eta0_cpu", "SamplerDPMPP_2M_SDE", {{"solver_type", "midpoint"}, {"eta", 0.0}}},
      {"dpmpp_sde_eta0.5_r0.3_cpu", "SamplerDPMPP_SDE", {{"eta", 0.5}, {"r", 0.3}}},
      {"dpm_adaptive_order2", "SamplerDPMAdaptative", {{"order", 2}}},
  };
  return cases;
}

// The runs of one file by name.
class Runs {
 public:
  Runs(const GoldenFile& file, Context& context)
      : file_(file),
        context_(context),
        plain_(model_of(file, context)),
        seed_(field<std::uint64_t>(file.params(), "seed")),
        cfg_(field<double>(file.params(), "cfg")),
        empty_{.samples = Array(file.array("image_latent").shape())},
        image_{.samples = file.array("image_latent")},
        whole_(scheduled(1)) {
    const auto sag = field<std::vector<double>>(file.params(), "sag");
    guided_ = run_node_for<Model>(context_, "SelfAttentionGuidance",
                                   {{"scale", sag.at(0)}, {"blur_sigma", sag.at(1)}},
                                   {{"model", plain_}});
  }

  // Both outputs of the run of this name; nothing if the name is unknown.
  [[nodiscard]] std::optional<std::vector<Array>> run(std::string_view name) const {
    const Parts parts = name_parts(name);
    const std::string_view kind = parts[0];
    if (kind == "sigmas" || name.ends_with("/sigmas")) return sigmas(name);
    if (kind == "noise") return std::vector{random_noise()(empty_.samples.shape())};
    if (kind.starts_with("add_noise")) return added_noise(name);
    if (parts.size() < 2) return std::nullopt;
    const std::string_view what = parts[1];
    if (kind == "advanced") return parts.size() == 3 ? advanced(what, parts[2]) : std::nullopt;
    if (kind == "basic_guider") {
      const auto guider = run_node_for<Guider>(context_, "BasicGuider", Json::object(),
                                                {{"model", plain_}, {"conditioning", entry("pos")}});
      return custom(random_noise(), guider, named(what), whole_, empty_);
    }
    if (kind == "img2img") {
      return custom(random_noise(), guider(plain_), named("euler"), scheduled(0.5), image_);
    }
    if (kind == "flip_sigmas") {
      const auto unguided = run_node_for<Guider>(context_, "CFGGuider", {{"cfg", 1.0}}, conditioned(plain_));
      return custom(no_noise(), unguided, named("euler"), flipped(), image_);
    }
    if (kind == "dual_cfg" && parts.size() == 3) return dual(what, parts[2]);
    if (kind == "cfg_override") return overridden(what);
    if (kind == "sampler_custom") return sampler_custom(what);
    if (kind == "sampler_node") {
      for (const SamplerCase& one : sampler_cases()) {
        if (one.name != what) continue;
        return custom(random_noise(), guider(plain_),
                      run_node_for<SamplerDef>(context_, std::string(one.node), one.options, {}), whole_, empty_);
      }
    }
    if (kind == "differential") return differential(what);
    return std::nullopt;
  }

 private:
  [[nodiscard]] Conditioning entry(const std::string& name) const { return {entry_of(file_, name)}; }
  [[nodiscard]] Links conditioned(const Model& model) const {
    return {{"model", model}, {"positive", entry("pos")}, {"negative", entry("neg")}};
  }
  [[nodiscard]] Guider guider(const Model& model) const {
    return run_node_for<Guider>(context_, "CFGGuider", {{"cfg", cfg_}}, conditioned(model));
  }
  [[nodiscard]] NoiseSource random_noise() const {
    return run_node_for<NoiseSource>(context_, "RandomNoise", {{"noise_seed", seed_}}, {});
  }
  [[nodiscard]] NoiseSource no_noise() const {
    return run_node_for<NoiseSource>(context_, "DisableNoise", Json::object(), {});
  }
  [[nodiscard]] SamplerDef named(std::string_view name) const {
    return run_node_for<SamplerDef>(context_, "KSamplerSelect", {{"sampler_name", name}}, {});
  }
  [[nodiscard]] Sigmas scheduled(double denoise) const {
    const int steps = static_cast<int>(file_.array("sigmas").size()) - 1;
    return run_node_for<Sigmas>(
        context_,        "BasicScheduler",
        {{"scheduler", "karras"}, {"steps", denoise < 1 ? steps / 2 : steps}, {"denoise", denoise}},
        {{"model", plain_}});
  }
  [[nodiscard]] Sigmas half(std::size_t which) const {
    const auto parts = run_node(context_, "SplitSigmas", {{"step", 3}}, {{"sigmas", whole_}});
    return std::any_cast<Sigmas>(parts.at(which));
  }
  [[nodiscard]] Sigmas flipped() const {
    return run_node_for<Sigmas>(context_, "FlipSigmas", Json::object(), {{"sigmas", whole_}});
  }
  static std::vector<Array> both(const std::vector<std::any>& outputs) {
    return {std::any_cast<Latent>(outputs.at(0)).samples, std::any_cast<Latent>(outputs.at(1)).samples};
  }
  [[nodiscard]] std::vector<Array> custom(const NoiseSource& noise, const Guider& guider,
                                          const SamplerDef& sampler, const Sigmas& sigmas,
                                          const Latent& latent) const {
    return both(run_node(context_, "SamplerCustomAdvanced", Json::object(),
                          {{"noise", noise},
                           {"guider", guider},
                           {"sampler", sampler},
                           {"sigmas", sigmas},
                           {"latent_image", latent}}));
  }

  [[nodiscard]] std::optional<std::vector<Array>> sigmas(std::string_view name) const {
    Sigmas list = whole_;
    if (name.starts_with("img2img")) list = scheduled(0.5);
    if (name.starts_with("flip")) list = flipped();
    const auto size = static_cast<std::int64_t>(list.size());
    return std::vector{Array({size}, std::move(list))};
  }

  // The second half continues the latent of the first half of the data.
  [[nodiscard]] std::optional<std::vector<Array>> advanced(std::string_view sampler,
                                                           std::string_view what) const {
    if (what == "sag") return custom(random_noise(), guider(guided_), named(sampler), whole_, empty_);
    if (what == "whole") return custom(random_noise(), guider(plain_), named(sampler), whole_, empty_);
    if (what == "first") return custom(random_noise(), guider(plain_), named(sampler), half(0), empty_);
    if (what != "second") return std::nullopt;
    const Latent first{.samples = file_.array(fmt::format("advanced/{}/first", sampler))};
    return custom(no_noise(), guider(plain_), named(sampler), half(1), first);
  }

  // "regular_sag", "cfg1_5.0_cfg2_3.0"
  [[nodiscard]] std::vector<Array> dual(std::string_view style, std::string_view scales) const {
    const bool with_sag = style.ends_with("_sag");
    Links links{{"model", with_sag ? guided_ : plain_},
                {"cond1", entry("pos")},
                {"cond2", entry("mid")},
                {"negative", entry("neg")}};
    const Json literals{{"cfg_conds", number_in(scales, "cfg1_")},
                        {"cfg_cond2_negative", number_in(scales, "cfg2_")},
                        {"style", style.substr(0, style.find('_'))}};
    return custom(random_noise(), run_node_for<Guider>(context_, "DualCFGGuider", literals, std::move(links)),
                  named("euler"), whole_, empty_);
  }

  // "2.0_0.4_1.0": scale, start, end
  [[nodiscard]] std::vector<Array> overridden(std::string_view what) const {
    const auto cut = what.find('_');
    const auto second = what.find('_', cut + 1);
    const auto number = [&](std::string_view text) { return std::stod(std::string(text)); };
    const Json literals{{"cfg", number(what.substr(0, cut))},
                        {"start_percent", number(what.substr(cut + 1, second - cut - 1))},
                        {"end_percent", number(what.substr(second + 1))}};
    const auto model = run_node_for<Model>(context_, "CFGOverride", literals, {{"model", plain_}});
    return custom(random_noise(), guider(model), named("euler"), whole_, empty_);
  }

  // "add_noise0_euler_ancestral_low"
  [[nodiscard]] std::vector<Array> sampler_custom(std::string_view what) const {
    const bool low = what.ends_with("_low");
    Links links = conditioned(plain_);
    links.emplace("sampler", named(low ? "euler_ancestral" : "euler"));
    links.emplace("sigmas", low ? half(1) : whole_);
    links.emplace("latent_image", image_);
    return both(run_node(context_, "SamplerCustom",
                          {{"add_noise", what.starts_with("add_noise1")},
                           {"noise_seed", seed_},
                           {"cfg", cfg_}},
                          std::move(links)));
  }

  [[nodiscard]] std::optional<std::vector<Array>> added_noise(std::string_view name) const {
    Sigmas list = whole_;
    if (name == "add_noise_low") list = half(1);
    if (name == "add_noise_one_step_range") list = half(0);
    const auto latent = run_node_for<Latent>(
        context_,        "AddNoise", Json::object(),
        {{"model", plain_}, {"noise", random_noise()}, {"sigmas", list}, {"latent_image", image_}});
    return std::vector{latent.samples};
  }

  // "strength0.5", "ksampler_denoise0.8_strength0.5", "sag_strength1.0", "without_node"
  [[nodiscard]] std::vector<Array> differential(std::string_view what) const {
    Model model = what.starts_with("sag") ? guided_ : plain_;
    if (what != "without_node") {
      model = run_node_for<Model>(context_, "DifferentialDiffusion",
                                   {{"strength", number_in(what, "strength")}}, {{"model", model}});
    }
    Latent latent = image_;
    latent.noise_mask = file_.array("diff_mask");
    if (what.starts_with("strength")) {
      return custom(random_noise(), guider(model), named("euler"), whole_, latent);
    }
    // The others are plain KSampler runs of the whole schedule, except where they say so.
    const double denoise = what.starts_with("ksampler") ? number_in(what, "denoise") : 1;
    Links links = conditioned(model);
    links.emplace("latent_image", latent);
    const auto result = run_node_for<Latent>(context_, "KSampler",
                                              {{"seed", seed_},
                                               {"steps", 6},
                                               {"cfg", cfg_},
                                               {"sampler_name", "euler"},
                                               {"scheduler", "normal"},
                                               {"denoise", denoise}},
                                              std::move(links));
    return {result.samples};
  }

  const GoldenFile& file_;
  Context& context_;
  Model plain_;
  Model guided_;
  std::uint64_t seed_;
  double cfg_;
  Latent empty_;
  Latent image_;
  Sigmas whole_;
};

bool is_input(std::string_view name) {
  return name == "pos" || name == "neg" || name == "mid" || name == "image_latent" ||
         name == "diff_mask";
}

void run(const GoldenFile& file, Context& context, Report& report) {
  constexpr std::string_view kSecond = "/denoised_output";
  const Tolerance tolerance = file.tolerances().first();
  const Runs runs(file, context);
  for (const auto& [name, tensor] : file.tensors) {
    if (is_input(name) || name.ends_with(kSecond)) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const auto outputs = runs.run(name);
      if (!outputs) return report.skip(name, "no such run is known");
      report.check(name, outputs->at(0), to_array(tensor), tolerance);
      const std::string second = name + std::string(kSecond);
      if (file.has(second)) report.check(second, outputs->at(1), file.array(second), tolerance);
    });
  }
}

}  // namespace

const Kind kCustomRunsKind{.name = "custom sampling runs", .matches = matches, .run = run};

}  // namespace golden
