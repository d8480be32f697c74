#include "sagitta/models/detect.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <cmath>

namespace sagitta::models {
namespace {

constexpr std::int64_t kHeadWidth = 64;
constexpr int kSd1Heads = 8;
constexpr int kMostBlocks = 256;  // beyond any model; bounds the work that a hostile file can ask for

const StoredTensor* find(const StateDict& tensors, const std::string& key) {
  const auto it = tensors.find(key);
  return it == tensors.end() ? nullptr : &it->second;
}

// Size of an axis of a tensor that must be there.
std::int64_t size_of_axis(const StateDict& tensors, const std::string& key, std::size_t axis) {
  const StoredTensor* tensor = find(tensors, key);
  require(tensor != nullptr, Fault::bad_file, "the checkpoint has no tensor '{}'", key);
  require(tensor->shape.size() > axis && tensor->shape[axis] > 0, Fault::bad_file,
          "tensor '{}' has the impossible shape {}", key, to_string(tensor->shape));
  return tensor->shape[axis];
}

// How many children name.0, name.1, ... have the given tensor.
int count_children(const StateDict& tensors, const std::string& name, const std::string& tail) {
  int count = 0;
  while (count < kMostBlocks && find(tensors, fmt::format("{}.{}.{}", name, count, tail)) != nullptr) {
    ++count;
  }
  return count;
}

int transformer_depth(const StateDict& unet, const std::string& block) {
  return count_children(unet, block + ".transformer_blocks", "attn1.to_q.weight");
}

// The levels from the sequence of input blocks; each downsampling ends one.
void detect_input(const StateDict& unet, UnetSpec& spec) {
  spec.levels.emplace_back();
  for (int i = 1; i < kMostBlocks; ++i) {
    const std::string block = fmt::format("input_blocks.{}", i);
    if (find(unet, block + ".0.op.weight") != nullptr) {
      spec.levels.emplace_back();
      continue;
    }
    const std::string conv = block + ".0.in_layers.2.weight";
    if (find(unet, conv) == nullptr) break;
    UnetSpec::Level& level = spec.levels.back();
    level.channels = size_of_axis(unet, conv, 0);
    level.input_depth.push_back(transformer_depth(unet, block + ".1"));
  }
  for (const UnetSpec::Level& level : spec.levels) {
    require(level.channels > 0, Fault::bad_file, "the UNet has a level without residual blocks");
  }
}

// On the way up every level has one residual block more than on the way down.
void detect_output(const StateDict& unet, UnetSpec& spec) {
  int block = 0;
  for (auto level = spec.levels.rbegin(); level != spec.levels.rend(); ++level) {
    for (std::size_t i = 0; i <= level->input_depth.size(); ++i, ++block) {
      level->output_depth.push_back(
          transformer_depth(unet, fmt::format("output_blocks.{}.1", block)));
    }
  }
}

bool has_transformer(const UnetSpec::Level& level) {
  const auto deep = [](int depth) { return depth > 0; };
  return std::any_of(level.input_depth.begin(), level.input_depth.end(), deep) ||
         std::any_of(level.output_depth.begin(), level.output_depth.end(), deep);
}

void check_heads(const UnetSpec& spec) {
  for (const UnetSpec::Level& level : spec.levels) {
    const std::int64_t divisor = spec.heads > 0 ? spec.heads : spec.head_width;
    const bool attends = has_transformer(level) || (&level == &spec.levels.back() && spec.middle_depth > 0);
    require(!attends || level.channels % divisor == 0, Fault::bad_file,
            "the UNet's {} channels cannot be split into attention heads ({} {})", level.channels,
            divisor, spec.heads > 0 ? "heads" : "channels each");
    constexpr std::int64_t kNormGroups = 32;
    require(level.channels % kNormGroups == 0, Fault::bad_file,
            "the UNet's {} channels are not a multiple of {}", level.channels, kNormGroups);
  }
}

// The name of the first tensor of the first transformer's context projection.
std::string context_key(const StateDict& unet) {
  for (const auto& [key, tensor] : unet) {
    if (key.ends_with("transformer_blocks.0.attn2.to_k.weight")) return key;
  }
  return {};
}

double population_deviation(const StoredTensor& tensor) {
  const Array values = to_array(tensor);
  double sum = 0;
  double squares = 0;
  for (const float value : values.values()) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(values.size());
  return std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
}

// Families with linear projections and no vector input come as eps- and v-models of one layout. A
// norm's bias tells them apart: its spread is far larger after training for v.
Prediction detect_prediction(const StateDict& unet) {
  constexpr double kSpread = 0.09;
  const StoredTensor* bias = find(unet, "output_blocks.11.1.transformer_blocks.0.norm1.bias");
  return bias != nullptr && population_deviation(*bias) > kSpread ? Prediction::v : Prediction::eps;
}

VaeSpec detect_taesd(const StateDict& vae) {
  const auto scalar = [&](const char* key, float otherwise) {
    const StoredTensor* tensor = find(vae, key);
    if (tensor == nullptr) return otherwise;
    const Array value = to_array(*tensor);
    require(value.size() == 1 && std::isfinite(value[0]), Fault::bad_file,
            "tensor '{}' of the VAE is not a finite number", key);
    return value[0];
  };
  VaeSpec spec{.kind = VaeKind::taesd, .multipliers = {1, 1, 1, 1}};
  spec.channels = size_of_axis(vae, "taesd_decoder.1.weight", 0);
  spec.latent_channels = size_of_axis(vae, "taesd_decoder.1.weight", 1);
  spec.image_channels = size_of_axis(vae, "taesd_decoder.19.weight", 0);
  spec.image_min = 0;
  spec.latent_scale = scalar("vae_scale", 1);
  spec.latent_shift = scalar("vae_shift", 0);
  require(spec.latent_scale != 0, Fault::bad_file, "tensor 'vae_scale' of the VAE is 0");
  return spec;
}

// What the families do with their encoders.
ClipSpec clip_use(ClipUse use) {
  ClipSpec spec;
  spec.quick_gelu = use == ClipUse::sd1 || use == ClipUse::sdxl_l;
  spec.key = spec.quick_gelu ? "clip_l" : use == ClipUse::sd2 ? "clip_h" : "clip_g";
  if (!spec.quick_gelu) spec.pad = 0;
  spec.default_layer = use == ClipUse::sd1 ? -1 : -2;
  spec.final_norm = use == ClipUse::sd1 || use == ClipUse::sd2;
  spec.project_pooled = use != ClipUse::sd1;
  return spec;
}

// What the embeddings, the way down and the middle block say; the levels have no way up yet.
UnetSpec detect_encoder(const StateDict& unet) {
  UnetSpec spec;
  spec.model_channels = size_of_axis(unet, "input_blocks.0.0.weight", 0);
  spec.in_channels = size_of_axis(unet, "input_blocks.0.0.weight", 1);
  detect_input(unet, spec);
  spec.middle_depth = transformer_depth(unet, "middle_block.1");
  if (find(unet, "label_emb.0.0.weight") != nullptr) {
    spec.vector_width = size_of_axis(unet, "label_emb.0.0.weight", 1);
  }
  bool linear_projection = false;
  const std::string context = context_key(unet);
  spec.context_width = context.empty() ? 0 : size_of_axis(unet, context, 1);
  if (!context.empty()) {
    const auto cut = context.find("transformer_blocks");
    const StoredTensor* projection = find(unet, context.substr(0, cut) + "proj_in.weight");
    linear_projection = projection != nullptr && projection->shape.size() == 2;
  }
  // Models with convolutional projections (SD 1.x) have eight heads at every level, those with
  // linear ones (SD 2.x, SDXL) 64 channels per head.
  spec.heads = linear_projection ? 0 : kSd1Heads;
  spec.head_width = kHeadWidth;
  return spec;
}

}  // namespace

void refuse_transformer(const StateDict& file) {
  // What the blocks of the known families are called; in a UNet, all blocks are inside of others.
  constexpr std::string_view kBlocks[] = {
      "double_blocks.0.",      "single_blocks.0.",            "joint_blocks.0.",
      "double_layers.0.",      "joint_transformer_blocks.0.", "single_transformer_blocks.0.",
      "transformer_blocks.0.", "blocks.0.attn",               "blocks.0.self_attn",
      "blocks.0.cross_attn",   "layers.0.attention"};
  constexpr std::string_view kPrefixes[] = {"model.diffusion_model.", "diffusion_model.", "model.",
                                            "transformer.", ""};
  for (const std::string_view prefix : kPrefixes) {
    for (const std::string_view block : kBlocks) {
      const std::string start = fmt::format("{}{}", prefix, block);
      const auto it = file.lower_bound(start);
      require(it == file.end() || !it->first.starts_with(start), Fault::unsupported,
              "the checkpoint holds a diffusion transformer (tensor '{}'), as Flux and SD3 are. It has "
              "no UNet, which Self-Attention Guidance works on; sagitta runs UNet models (SD 1.x, SD "
              "2.x, SDXL)",
              it->first);
    }
  }
}

ModelSpec detect_model(const StateDict& unet, const StateDict& file) {
  require(!unet.empty(), Fault::bad_file,
          "the checkpoint has no UNet: no tensor begins with 'model.diffusion_model.'");
  refuse_transformer(unet);
  ModelSpec model;
  UnetSpec& spec = model.unet;
  spec = detect_encoder(unet);
  spec.out_channels = size_of_axis(unet, "out.2.weight", 0);
  detect_output(unet, spec);
  check_heads(spec);

  if (spec.vector_width > 0) {
    constexpr std::int64_t kRefinerContext = 1280;  // of bigG alone
    model.family = spec.context_width == kRefinerContext ? "SDXL refiner" : "SDXL";
    model.latent_scale = 0.13025F;
    require(find(file, "edm_mean") == nullptr && find(file, "edm_vpred.sigma_max") == nullptr,
            Fault::unsupported,
            "the checkpoint is marked as trained on continuous EDM noise levels, which sagitta does "
            "not set up by itself");
    // The mark of a zero terminal SNR counts only beside that of the v-prediction.
    const bool is_v = find(file, "v_pred") != nullptr;
    model.prediction = is_v ? Prediction::v : Prediction::eps;
    model.zero_terminal_snr = is_v && find(file, "ztsnr") != nullptr;
  } else if (spec.heads == 0) {
    model.family = "SD 2.x";
    model.prediction = detect_prediction(unet);
  } else {
    model.family = "SD 1.x";
  }
  return model;
}

ControlNetSpec detect_controlnet(const StateDict& net) {
  ControlNetSpec spec;
  spec.encoder = detect_encoder(net);
  check_heads(spec.encoder);
  spec.hint_channels = size_of_axis(net, "input_hint_block.0.weight", 1);
  constexpr int kHintLayers[] = {0, 2, 4, 6, 8, 10, 12};
  for (const int layer : kHintLayers) {
    spec.hint_widths.push_back(size_of_axis(net, fmt::format("input_hint_block.{}.weight", layer), 0));
  }
  return spec;
}

VaeSpec detect_vae(const StateDict& vae) {
  if (find(vae, "taesd_decoder.1.weight") != nullptr) return detect_taesd(vae);
  VaeSpec spec;
  spec.image_channels = size_of_axis(vae, "decoder.conv_out.weight", 0);
  spec.latent_channels = size_of_axis(vae, "decoder.conv_in.weight", 1);
  const int levels = count_children(vae, "decoder.up", "block.0.norm1.weight");
  require(levels > 0, Fault::bad_file, "the VAE has no 'decoder.up.0.block.0'");
  spec.blocks = count_children(vae, "decoder.up.0.block", "norm1.weight") - 1;
  spec.channels = size_of_axis(vae, "decoder.conv_out.weight", 1);
  for (int i = 0; i < levels; ++i) {
    const std::int64_t width =
        size_of_axis(vae, fmt::format("decoder.up.{}.block.0.conv1.weight", i), 0);
    require(width % spec.channels == 0, Fault::bad_file,
            "the VAE's level {} has {} channels, not a multiple of {}", i, width, spec.channels);
    spec.multipliers.push_back(width / spec.channels);
  }
  return spec;
}

ClipSpec detect_clip(const StateDict& clip, ClipUse use) {
  ClipSpec spec = clip_use(use);
  const std::string tokens = "text_model.embeddings.token_embedding.weight";
  spec.vocabulary = size_of_axis(clip, tokens, 0);
  spec.width = size_of_axis(clip, tokens, 1);
  spec.positions = size_of_axis(clip, "text_model.embeddings.position_embedding.weight", 0);
  spec.layers = count_children(clip, "text_model.encoder.layers", "mlp.fc1.weight");
  require(spec.layers > 0, Fault::bad_file, "the text encoder has no layers");
  spec.hidden = size_of_axis(clip, "text_model.encoder.layers.0.mlp.fc1.weight", 0);
  spec.heads = static_cast<int>(std::max<std::int64_t>(1, spec.width / kHeadWidth));
  require(spec.width % spec.heads == 0, Fault::bad_file,
          "the text encoder's width {} cannot be split into {} heads", spec.width, spec.heads);
  if (find(clip, "text_projection.weight") != nullptr) {
    spec.projection = size_of_axis(clip, "text_projection.weight", 0);
  }
  // SD 2.x folders of diffusers hold OpenCLIP-H without the last layer, since it is never used.
  constexpr int kCutH = 23;
  if (use == ClipUse::sd2 && spec.layers == kCutH) spec.omitted_layers = 1;
  return spec;
}

}  // namespace sagitta::models
