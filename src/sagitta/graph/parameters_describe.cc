#include "sagitta/graph/parameters_describe.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/parameters_names.h"
#include "sagitta/graph/parameters_prompt.h"

#include <algorithm>

namespace sagitta::graph {
namespace {

// The graph is not an ordinary generation.
struct NotOrdinary {};

std::string number_text(const Json& value) {
  if (!value.is_number()) throw NotOrdinary{};
  return value.is_number_float() ? fmt::format("{}", value.get<double>()) : value.dump();
}

// "models/a.safetensors" -> "a", the name by which other programs call it.
std::string stem(std::string name) {
  name.erase(0, name.find_last_of("/\\") + 1);
  return name.substr(0, name.rfind('.'));
}

class Tracer {
 public:
  Tracer(const Prompt& prompt, std::int64_t width, std::int64_t height)
      : prompt_(prompt), width_(width), height_(height) {}

  ParametersText describe(std::string_view saver) {
    const PromptNode& decoder = of_type(source(node(saver), "images"), "VAEDecode");
    const PromptNode& sampler = of_type(source(decoder, "samples"), "KSampler");
    const PromptNode& loader = trace_model(source(sampler, "model"));
    ParametersText out;
    out.prompt = text_of(sampler, "positive", loader);
    out.negative = text_of(sampler, "negative", loader);
    std::ranges::reverse(loras_);
    for (const std::string& lora : loras_) out.prompt += " " + lora;

    out.fields = {{"Steps", number(sampler, "steps")},
                  {"Sampler", sampler_label(text(sampler, "sampler_name"))},
                  {"Schedule type", scheduler_label(text(sampler, "scheduler"))},
                  {"CFG scale", number(sampler, "cfg")},
                  {"Seed", number(sampler, "seed")},
                  {"Size", fmt::format("{}x{}", width_, height_)},
                  {"Model", stem(text(loader, "ckpt_name"))}};
    add_vae(decoder, loader, out);
    if (clip_skip_ > 1) out.fields.emplace_back("Clip skip", std::to_string(clip_skip_));
    add_start(sampler, out);
    out.fields.insert(out.fields.end(), sag_.begin(), sag_.end());
    out.fields.emplace_back("Version", "sagitta");
    return out;
  }

 private:
  const PromptNode& node(std::string_view id) {
    const PromptNode* const found = prompt_.find(id);
    // A ring of nodes has no end.
    if (found == nullptr || ++visited_ > kMaxNodes) throw NotOrdinary{};
    return *found;
  }

  static const Link& link(const PromptNode& from, std::string_view input) {
    const InputValue* const value = from.find(input);
    const Link* const found = value == nullptr ? nullptr : std::get_if<Link>(value);
    if (found == nullptr) throw NotOrdinary{};
    return *found;
  }

  const PromptNode& source(const PromptNode& from, std::string_view input) {
    return node(link(from, input).node);
  }

  static const PromptNode& of_type(const PromptNode& node, std::string_view type) {
    if (node.class_type != type) throw NotOrdinary{};
    return node;
  }

  static const Json& literal(const PromptNode& node, std::string_view input) {
    const InputValue* const value = node.find(input);
    const Json* const found = value == nullptr ? nullptr : std::get_if<Json>(value);
    if (found == nullptr) throw NotOrdinary{};
    return *found;
  }

  static std::string number(const PromptNode& node, std::string_view input) {
    return number_text(literal(node, input));
  }

  static std::string text(const PromptNode& node, std::string_view input) {
    const Json& value = literal(node, input);
    // A zero byte, which JSON can hold, would end the text in most files.
    if (!value.is_string() || value.get_ref<const std::string&>().find('\0') != std::string::npos) {
      throw NotOrdinary{};
    }
    return value.get<std::string>();
  }

  // Down the line of models to the checkpoint, noting LoRAs and Self-Attention Guidance.
  const PromptNode& trace_model(const PromptNode& start) {
    const PromptNode* at = &start;
    while (at->class_type != "CheckpointLoaderSimple") {
      if (at->class_type == "LoraLoader" || at->class_type == "LoraLoaderModelOnly") {
        const bool both = at->class_type == "LoraLoader";
        const std::string model = number(*at, "strength_model");
        const std::string clip = both ? number(*at, "strength_clip") : "0";
        const std::string name = stem(text(*at, "lora_name"));
        loras_.push_back(clip == model ? fmt::format("<lora:{}:{}>", name, model)
                                       : fmt::format("<lora:{}:{}:{}>", name, clip, model));
        if (both) clip_loras_.push_back(at->id);
      } else if (at->class_type == "SelfAttentionGuidance" && sag_.empty()) {
        sag_ = {{"SAG Guidance Enabled", "True"},
                {"SAG Guidance Scale", number(*at, "scale")},
                {"SAG Blur Sigma", number(*at, "blur_sigma")}};
      } else {
        throw NotOrdinary{};
      }
      at = &source(*at, "model");
    }
    return *at;
  }

  // The text behind an input for conditionings, whose encoder must be that of the same line.
  std::string text_of(const PromptNode& sampler, std::string_view input, const PromptNode& loader) {
    const PromptNode& encoder = of_type(source(sampler, input), "CLIPTextEncode");
    const PromptNode* at = &source(encoder, "clip");
    int skip = 1;
    if (at->class_type == "CLIPSetLastLayer") {
      const Json& layer = literal(*at, "stop_at_clip_layer");
      if (!layer.is_number_integer()) throw NotOrdinary{};
      skip = static_cast<int>(-std::clamp<std::int64_t>(layer.get<std::int64_t>(), -24, -1));
      at = &source(*at, "clip");
    }
    if (clip_skip_ != 0 && clip_skip_ != skip) throw NotOrdinary{};
    clip_skip_ = skip;
    for (const std::string& lora : clip_loras_) {
      if (at->id != lora) throw NotOrdinary{};
      at = &source(*at, "clip");
    }
    if (at != &loader) throw NotOrdinary{};
    return prompt_to_a1111(text(encoder, "text"));
  }

  void add_vae(const PromptNode& decoder, const PromptNode& loader, ParametersText& out) {
    const PromptNode& vae = source(decoder, "vae");
    if (&vae == &loader) return;
    const std::string name = text(of_type(vae, "VAELoader"), "vae_name");
    out.fields.emplace_back("VAE", name.substr(name.find_last_of("/\\") + 1));
  }

  void add_start(const PromptNode& sampler, ParametersText& out) {
    const Json& denoise = literal(sampler, "denoise");
    const PromptNode& latent = source(sampler, "latent_image");
    const bool whole = denoise.is_number() && denoise.get<double>() == 1;
    if (latent.class_type != "EmptyLatentImage") {
      of_type(source(of_type(latent, "VAEEncode"), "pixels"), "LoadImage");
    } else if (!whole) {
      throw NotOrdinary{};
    }
    if (!whole) out.fields.emplace_back("Denoising strength", number_text(denoise));
  }

  const Prompt& prompt_;
  std::int64_t width_;
  std::int64_t height_;
  std::size_t visited_ = 0;
  std::vector<std::string> loras_;       // as tags, the last one first
  std::vector<std::string> clip_loras_;  // nodes through which the text encoder goes, likewise
  std::vector<std::pair<std::string, std::string>> sag_;
  int clip_skip_ = 0;  // 0: not seen yet
};

}  // namespace

std::optional<ParametersText> describe_parameters(const Prompt& prompt, std::string_view node,
                                                  std::int64_t width, std::int64_t height) {
  try {
    return Tracer(prompt, width, height).describe(node);
  } catch (const NotOrdinary&) {
    return std::nullopt;
  }
}

}  // namespace sagitta::graph
