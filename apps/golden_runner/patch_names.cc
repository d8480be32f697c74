#include "golden_runner/patch_names.h"

#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/guidance/apg.h"
#include "sagitta/diffusion/guidance/attention_multiply.h"
#include "sagitta/diffusion/guidance/cfg_norm.h"
#include "sagitta/diffusion/guidance/cfg_zero_star.h"
#include "sagitta/diffusion/guidance/epsilon_scaling.h"
#include "sagitta/diffusion/guidance/freeu.h"
#include "sagitta/diffusion/guidance/fresca.h"
#include "sagitta/diffusion/guidance/latent_operation.h"
#include "sagitta/diffusion/guidance/mahiro.h"
#include "sagitta/diffusion/guidance/nag.h"
#include "sagitta/diffusion/guidance/pag.h"
#include "sagitta/diffusion/guidance/perp_neg.h"
#include "sagitta/diffusion/guidance/rescale_cfg.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/guidance/tcfg.h"
#include "sagitta/diffusion/guidance/temporal_score_rescaling.h"

#include <string>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Json;
using sagitta::Model;

struct Request {
  Model model;
  std::string_view name;
  const GoldenFile& file;
  const Json& params;
  bool stacked;

  [[nodiscard]] float number(std::string_view label) const {
    return static_cast<float>(number_in(name, label));
  }
  // params[key][index]
  [[nodiscard]] float listed(std::string_view key, std::size_t index) const {
    return field<std::vector<float>>(params, key).at(index);
  }
};

Model pag(const Request& ask) {
  return with_pag(ask.model, {.scale = field<float>(
                                  ask.params, ask.stacked ? "pag_scale_in_stacks" : "pag_scale")});
}
Model sag(const Request& ask) {
  return with_sag(ask.model, {.scale = ask.listed("sag", 0), .blur_sigma = ask.listed("sag", 1)});
}
Model freeu(const Request& ask) {
  constexpr const char* kKey = "freeu b1,b2,s1,s2";
  sagitta::FreeUV2Params params;
  params.b1 = ask.listed(kKey, 0);
  params.b2 = ask.listed(kKey, 1);
  params.s1 = ask.listed(kKey, 2);
  params.s2 = ask.listed(kKey, 3);
  return ask.name.ends_with("_v2") ? with_freeu_v2(ask.model, params)
                                   : with_freeu(ask.model, params);
}
Model rescale(const Request& ask) {
  return with_rescale_cfg(ask.model,
                          {.multiplier = field<float>(ask.params, "rescale_multiplier")});
}
Model apg(const Request& ask) {
  // In stacks the name says nothing; the data fit these values.
  if (ask.name == "apg") {
    return with_apg(ask.model, {.eta = 0.5F, .norm_threshold = 5, .momentum = 0});
  }
  return with_apg(ask.model, {.eta = ask.number("eta"),
                              .norm_threshold = ask.number("norm"),
                              .momentum = ask.number("mom")});
}
Model tcfg(const Request& ask) { return with_tcfg(ask.model); }
Model mahiro(const Request& ask) { return with_mahiro(ask.model); }
Model cfg_zero_star(const Request& ask) { return with_cfg_zero_star(ask.model); }
Model cfg_norm(const Request& ask) {
  const bool pre_cfg = ask.name.find("_pre_") != std::string_view::npos;
  return with_cfg_norm(ask.model,
                       {.strength = ask.number(pre_cfg ? "pre_" : "norm_"), .pre_cfg = pre_cfg});
}
Model fresca(const Request& ask) {
  return with_fresca(ask.model, {.scale_low = ask.number("l"),
                                 .scale_high = ask.number("h"),
                                 .freq_cutoff = integer_in(ask.name, "c")});
}
Model perp_neg(const Request& ask) {
  return with_perp_neg(ask.model, {entry_of(ask.file, "empty")},
                       {.neg_scale = ask.number("node_")});
}
Model perp_neg_guider(const Request& ask) {
  return with_perp_neg_guider(ask.model, {entry_of(ask.file, "empty")},
                              {.neg_scale = ask.number("neg")});
}
Model epsilon_scaling(const Request& ask) {
  return with_epsilon_scaling(ask.model, {.scaling_factor = ask.number("scaling_")});
}
Model temporal_score_rescaling(const Request& ask) {
  return with_temporal_score_rescaling(ask.model,
                                       {.k = ask.number("k"), .sigma = ask.number("sigma")});
}
Model tonemap(const Request& ask) {
  return with_latent_operation(ask.model,
                               sagitta::tonemap_reinhard({.multiplier = ask.number("tonemap_")}));
}
Model sharpen(const Request& ask) {
  // ..._sharpen_radius_sigma_alpha
  std::string_view rest = ask.name.substr(ask.name.find("sharpen_"));
  const auto next = [&] {
    rest.remove_prefix(rest.find('_') + 1);
    return static_cast<float>(number_in(rest, ""));
  };
  sagitta::SharpenParams params;
  params.sharpen_radius = static_cast<int>(next());
  params.sigma = next();
  params.alpha = next();
  return with_latent_operation(ask.model, sagitta::sharpen(params));
}
Model nag(const Request& ask) {
  return with_nag(
      ask.model,
      {.scale = ask.number("scale"), .alpha = ask.number("alpha"), .tau = ask.number("tau")});
}
Model attention_multiply(const Request& ask) {
  constexpr const char* kKey = "multipliers";
  const sagitta::AttentionFactors factors{.q = ask.listed(kKey, 0),
                                          .k = ask.listed(kKey, 1),
                                          .v = ask.listed(kKey, 2),
                                          .out = ask.listed(kKey, 3)};
  return ask.name.starts_with("self") ? with_self_attention_factors(ask.model, factors)
                                      : with_cross_attention_factors(ask.model, factors);
}

// By the beginning of the name; longer beginnings first.
struct Known {
  std::string_view beginning;
  Model (*apply)(const Request&);
};
constexpr Known kKnown[] = {
    {"base", [](const Request& ask) { return ask.model; }},
    {"pag", pag},
    {"sag", sag},
    {"freeu_v", freeu},
    {"rescale", rescale},
    {"apg", apg},
    {"tcfg", tcfg},
    {"mahiro", mahiro},
    {"cfg_zero_star", cfg_zero_star},
    {"cfg_norm_", cfg_norm},
    {"fresca_", fresca},
    {"perp_neg_node_", perp_neg},
    {"perp_neg_guider_neg", perp_neg_guider},
    {"epsilon_scaling_", epsilon_scaling},
    {"temporal_score_rescaling_", temporal_score_rescaling},
    {"latent_operation_cfg_tonemap_", tonemap},
    {"latent_operation_cfg_sharpen_", sharpen},
    {"nag_", nag},
    {"self_attention_multiply", attention_multiply},
    {"cross_attention_multiply", attention_multiply},
};

}  // namespace

std::vector<std::string_view> stacked_patches(std::string_view stack) {
  constexpr std::string_view kThen = "_then_";
  std::vector<std::string_view> names;
  for (auto at = stack.find(kThen); at != std::string_view::npos; at = stack.find(kThen)) {
    names.push_back(stack.substr(0, at));
    stack.remove_prefix(at + kThen.size());
  }
  names.push_back(stack);
  return names;
}

std::optional<Model> with_patch(Model model, std::string_view name, const GoldenFile& file,
                                bool stacked) {
  const Json params = file.params();
  for (const Known& known : kKnown) {
    if (name.starts_with(known.beginning)) {
      return known.apply({std::move(model), name, file, params, stacked});
    }
  }
  return std::nullopt;
}

std::optional<Model> with_patches(Model model, std::string_view stack, const GoldenFile& file) {
  const auto names = stacked_patches(stack);
  std::optional<Model> patched = std::move(model);
  for (const std::string_view name : names) {
    if (patched) patched = with_patch(std::move(*patched), name, file, names.size() > 1);
  }
  return patched;
}

}  // namespace golden
