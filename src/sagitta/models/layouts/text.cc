#include "sagitta/models/layouts/text.h"

#include "sagitta/base/error.h"

#include <array>
#include <cstring>
#include <memory>
#include <utility>

namespace sagitta::models {
namespace {

const RenameTable& openclip() {
  static const RenameTable table{
      .places = {{"token_embedding.", "text_model.embeddings.token_embedding."},
                 {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
                 {"transformer.resblocks.#.", "text_model.encoder.layers.#."},
                 {"ln_final.", "text_model.final_layer_norm."},
                 {"text_projection", "text_projection"}},
      .layers = {{"ln_1.", "layer_norm1."},
                 {"ln_2.", "layer_norm2."},
                 {"attn.", "self_attn."},
                 {"mlp.c_fc.", "mlp.fc1."},
                 {"mlp.c_proj.", "mlp.fc2."}}};
  return table;
}

// The other direction, but for the projections of the attention layers.
const RenameTable& to_openclip() {
  static const RenameTable table = [] {
    RenameTable reverse;
    const auto turn = [](const std::vector<RenameRow>& rows, std::vector<RenameRow>& to) {
      for (const RenameRow& row : rows) to.push_back({.from = row.to, .to = row.from});
    };
    turn(openclip().places, reverse.places);
    turn(openclip().layers, reverse.layers);
    return reverse;
  }();
  return table;
}

// CLIP-L, also where the outermost segment is missing.
const RenameTable& transformers() {
  static const RenameTable table{.places = {{"text_model.", "text_model."},
                                            {"embeddings.", "text_model.embeddings."},
                                            {"encoder.", "text_model.encoder."},
                                            {"final_layer_norm.", "text_model.final_layer_norm."},
                                            {"text_projection", "text_projection"}},
                                 .layers = {}};
  return table;
}

constexpr std::string_view kFused = "self_attn.in_proj_";
constexpr const char* kProjection = "text_projection.weight";

// Queries, keys and values lie one below the other. The thirds are views.
void split_fused(Part& out, const std::string& name, const std::string& original,
                 const StoredTensor& fused) {
  constexpr std::array kParts{"q_proj.", "k_proj.", "v_proj."};
  require(!fused.shape.empty() && fused.shape[0] % 3 == 0, Fault::bad_file,
          "tensor '{}' of shape {} cannot be split into queries, keys and values", original,
          to_string(fused.shape));
  const auto cut = name.find(kFused);
  StoredTensor third = fused;
  third.shape[0] /= 3;
  for (const char* part : kParts) {
    std::string own = name.substr(0, cut) + "self_attn.";
    own.append(part).append(name.substr(cut + kFused.size()));
    out.add(std::move(own), original, third);
    third.data += third.bytes();
  }
}

// The reverse: one tensor whose rows are those of the three, in f32 unless they are stored alike.
io::TensorSource fused(const std::array<io::TensorSource, 3>& parts) {
  io::TensorSource out = parts[0];
  for (const io::TensorSource& part : parts) {
    if (part.dtype != out.dtype) out.dtype = DType::f32;
  }
  out.shape[0] *= 3;
  out.values = [parts, dtype = out.dtype, shape = out.shape] {
    const auto bytes = std::make_shared<std::vector<std::byte>>();
    for (const io::TensorSource& part : parts) {
      StoredTensor tensor = part.values();
      if (tensor.dtype != dtype) tensor = to_stored(to_array(tensor));
      bytes->insert(bytes->end(), tensor.data, tensor.data + tensor.bytes());
    }
    return StoredTensor{.dtype = dtype, .shape = shape, .data = bytes->data(), .owner = bytes};
  };
  return out;
}

StoredTensor transposed(const StoredTensor& matrix, const std::string& name) {
  require(matrix.shape.size() == 2, Fault::bad_file, "tensor '{}' of shape {} is not a matrix", name,
          to_string(matrix.shape));
  const auto rows = static_cast<std::size_t>(matrix.shape[0]);
  const auto columns = static_cast<std::size_t>(matrix.shape[1]);
  const std::size_t size = size_of(matrix.dtype);
  const auto values = std::make_shared<std::vector<std::byte>>(matrix.bytes());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::memcpy(values->data() + (column * rows + row) * size,
                  matrix.data + (row * columns + column) * size, size);
    }
  }
  return {.dtype = matrix.dtype,
          .shape = {matrix.shape[1], matrix.shape[0]},
          .data = values->data(),
          .owner = values,
          .scale = matrix.scale};
}

int layers_of(const Part& part) {
  constexpr int kMostLayers = 256;
  int layers = 0;
  while (layers < kMostLayers &&
         part.has(fmt::format("text_model.encoder.layers.{}.mlp.fc1.weight", layers))) {
    ++layers;
  }
  return layers;
}

constexpr int kLayersOfL = 12;
constexpr int kLayersOfH = 24;

}  // namespace

Part clip_names(const Part& part) {
  const bool is_openclip = part.has("transformer.resblocks.0.ln_1.weight");
  Part out;
  for (const auto& [name, tensor] : part.tensors) {
    const std::string& original = part.origin.at(name);
    std::string now = renamed(name, is_openclip ? openclip() : transformers());
    if (now.find(kFused) != std::string::npos) {
      split_fused(out, now, original, tensor);
    } else if (now == "text_projection") {
      out.add(kProjection, original, transposed(tensor, original));
    } else if (!now.empty()) {
      out.add(std::move(now), original, tensor);
    }
  }
  return out;
}

io::TensorSources openclip_names(const io::TensorSources& clip) {
  constexpr std::string_view kQuery = "self_attn.q_proj.";
  io::TensorSources out;
  for (const auto& entry : clip) {
    const std::string& name = entry.first;
    const io::TensorSource& source = entry.second;
    if (const auto cut = name.find(kQuery); cut != std::string::npos) {
      const std::string rest = name.substr(cut + kQuery.size());
      const auto part = [&](const char* which) {
        const auto it = clip.find(fmt::format("{}self_attn.{}.{}", name.substr(0, cut), which, rest));
        require(it != clip.end() && it->second.shape == source.shape && !source.shape.empty(),
                Fault::bad_input, "text encoder: '{}' has no {} of the same shape", name, which);
        return it->second;
      };
      const std::string place = renamed(name.substr(0, cut), to_openclip());
      out[fmt::format("{}attn.in_proj_{}", place, rest)] = fused({source, part("k_proj"), part("v_proj")});
    } else if (name == kProjection) {
      out["text_projection"] = {.dtype = source.dtype,
                                .shape = {source.shape.at(1), source.shape.at(0)},
                                .values = [values = source.values] {
                                  return transposed(values(), kProjection);
                                }};
    } else if (name.find(".k_proj.") == std::string::npos &&
               name.find(".v_proj.") == std::string::npos) {
      std::string now = renamed(name, to_openclip());
      if (!now.empty()) out.emplace(std::move(now), source);
    }
  }
  return out;
}

std::vector<TextPart> text_parts(const StateDict& file, bool takes_vector) {
  struct Place {
    std::string_view prefix;
    ClipUse use;
  };
  const Place places[] = {
      {"cond_stage_model.transformer.", ClipUse::sd1},
      {"cond_stage_model.model.", ClipUse::sd2},
      {"conditioner.embedders.0.transformer.", ClipUse::sdxl_l},
      {"conditioner.embedders.0.model.", takes_vector ? ClipUse::sdxl_g : ClipUse::sd2},
      {"conditioner.embedders.1.model.", ClipUse::sdxl_g}};
  std::vector<TextPart> found;
  for (const Place& place : places) {
    Part part = clip_names(part_at(file, place.prefix));
    if (!part.empty()) found.push_back({.use = place.use, .part = std::move(part)});
  }
  return found;
}

TextPart text_part(const StateDict& file) {
  for (const std::string_view prefix : {"", "transformer.", "model.", "text_encoders.clip_l.transformer.",
                                        "text_encoders.clip_g.transformer.", "clip_l.transformer.",
                                        "clip_h.transformer.", "clip_g.transformer."}) {
    Part part = part_at(file, prefix);
    const bool is_openclip = part.has("transformer.resblocks.0.ln_1.weight");
    part = clip_names(part);
    const int layers = layers_of(part);
    if (layers == 0) continue;
    ClipUse use = is_openclip ? ClipUse::sd2 : ClipUse::sd1;
    if (layers > kLayersOfL) use = layers > kLayersOfH ? ClipUse::sdxl_g : ClipUse::sd2;
    return {.use = use, .part = std::move(part)};
  }
  return {};
}

bool first_is_sdxl_l(const Part& first, const Part& second) {
  const auto rank = [](const Part& part) {
    return std::pair(layers_of(part), part.has(kProjection));
  };
  return rank(first) <= rank(second);
}

}  // namespace sagitta::models
