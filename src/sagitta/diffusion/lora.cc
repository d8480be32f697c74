#include "sagitta/diffusion/lora.h"

#include "sagitta/base/error.h"
#include "sagitta/base/log.h"
#include "sagitta/models/adapters/lora_edits.h"

#include <utility>

namespace sagitta {
namespace {

// SDXL's second encoder has names of its own; what stands alone is called as CLIP-L is.
models::TextEncoderLoraNames text_names(const models::ClipSpec& spec, bool second) {
  if (second) return {.encoder = spec.key, .underscore = {"lora_te2_"}, .dotted = "text_encoder_2."};
  return {.encoder = spec.key, .underscore = {"lora_te_", "lora_te1_"}, .dotted = "text_encoder."};
}

// Warns of what the adapter holds for others, once, with an example.
void report_unused(const models::Lora& lora, const std::set<std::string>& used, bool with_text) {
  std::vector<std::string> unused = lora.unknown;
  for (const auto& [name, parts] : lora.modules) {
    const bool expected = with_text || !models::is_text_lora_name(name);
    if (expected && !used.contains(name)) unused.push_back(name);
  }
  if (unused.empty()) return;
  log(LogLevel::warning, "{}: {} names mean nothing to this model and are left out, such as '{}'",
      lora.name, unused.size(), unused.front());
}

}  // namespace

LoraTarget apply_lora(LoraTarget target, const models::Lora& lora, const LoraStrengths& strengths) {
  std::set<std::string> used;
  const auto edits_for = [&](const auto& network, const models::LoraNames& names, float strength) {
    models::LoraEdits found = models::lora_edits(lora, names, network.weights(), strength);
    used.merge(found.modules);
    return std::move(found.edits);
  };
  if (target.model) {
    auto& unet = target.model->unet;
    unet = unet.with(edits_for(unet, models::unet_lora_names(unet.spec(), unet.weights()),
                               strengths.model));
  }
  if (target.clip) {
    auto& encoders = target.clip->encoders;
    for (std::size_t i = 0; i < encoders.size(); ++i) {
      const models::TextEncoderLoraNames names = text_names(encoders[i].spec(), i > 0);
      encoders[i] = encoders[i].with(edits_for(
          encoders[i], models::text_lora_names(names, encoders[i].weights()), strengths.clip));
    }
  }
  require(!used.empty(), Fault::bad_file,
          "{}: none of its {} modules is one of this model, so the adapter was made for another "
          "kind of model; the first is '{}'",
          lora.name, lora.modules.size(), lora.modules.begin()->first);
  report_unused(lora, used, target.clip.has_value());
  return target;
}

}  // namespace sagitta
