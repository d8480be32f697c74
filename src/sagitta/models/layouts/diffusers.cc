#include "sagitta/models/layouts/diffusers.h"

#include "sagitta/models/diffusers_names.h"

#include <fmt/format.h>

#include <utility>

namespace sagitta::models {
namespace {

constexpr int kMost = 256;  // levels or blocks; bounds the work that a hostile file can ask for

// How many of name(0), name(1), ... there are.
template <class Name>
int count(const Part& part, const Name& name) {
  int n = 0;
  while (n < kMost && part.has(name(n))) ++n;
  return n;
}

// What the names follow from: how many blocks each level has, and which have a transformer.
UnetSpec skeleton_of(const Part& part) {
  const auto has_transformer = [&](const char* stage, int level, int block) {
    return part.has(fmt::format("{}.{}.attentions.{}.proj_in.weight", stage, level, block)) ? 1 : 0;
  };
  UnetSpec spec;
  for (int level = 0; level < kMost; ++level) {
    const int blocks = count(part, [&](int block) {
      return fmt::format("down_blocks.{}.resnets.{}.conv1.weight", level, block);
    });
    if (blocks == 0) break;
    UnetSpec::Level& found = spec.levels.emplace_back();
    for (int i = 0; i < blocks; ++i) {
      found.input_depth.push_back(has_transformer("down_blocks", level, i));
    }
  }
  const int levels = static_cast<int>(spec.levels.size());
  for (int up = 0; up < levels; ++up) {
    UnetSpec::Level& level = spec.levels[static_cast<std::size_t>(levels - 1 - up)];
    for (int i = 0; i <= static_cast<int>(level.input_depth.size()); ++i) {
      level.output_depth.push_back(has_transformer("up_blocks", up, i));
    }
  }
  spec.middle_depth = part.has("mid_block.attentions.0.proj_in.weight") ? 1 : 0;
  return spec;
}

}  // namespace

RenameTable diffusers_vae_names(int levels) {
  RenameTable table{
      .places = {{"quant_conv.", "quant_conv."},
                 {"post_quant_conv.", "post_quant_conv."},
                 {"encoder.down_blocks.#.resnets.#.", "encoder.down.#.block.#."},
                 {"encoder.down_blocks.#.downsamplers.0.", "encoder.down.#.downsample."}},
      // The second names of the attention layers are those of older files.
      .layers = {{"conv_shortcut.", "nin_shortcut."},
                 {"group_norm.", "norm."},
                 {"to_q.", "q."},
                 {"to_k.", "k."},
                 {"to_v.", "v."},
                 {"to_out.0.", "proj_out."},
                 {"query.", "q."},
                 {"key.", "k."},
                 {"value.", "v."},
                 {"proj_attn.", "proj_out."}}};
  for (int level = 0; level < levels; ++level) {
    const int from_coarsest = levels - 1 - level;
    table.places.push_back({fmt::format("decoder.up_blocks.{}.resnets.#.", from_coarsest),
                            fmt::format("decoder.up.{}.block.#.", level)});
    table.places.push_back({fmt::format("decoder.up_blocks.{}.upsamplers.0.", from_coarsest),
                            fmt::format("decoder.up.{}.upsample.", level)});
  }
  for (const char* half : {"encoder", "decoder"}) {
    const auto row = [&](const char* from, const char* to) {
      table.places.push_back({fmt::format("{}.{}", half, from), fmt::format("{}.{}", half, to)});
    };
    row("conv_in.", "conv_in.");
    row("conv_norm_out.", "norm_out.");
    row("conv_out.", "conv_out.");
    row("mid_block.resnets.0.", "mid.block_1.");
    row("mid_block.attentions.0.", "mid.attn_1.");
    row("mid_block.resnets.1.", "mid.block_2.");
  }
  return table;
}

Part unet_names(const Part& part) {
  if (!part.has("conv_in.weight")) return part;
  const DiffusersUnetNames names(skeleton_of(part));
  Part out;
  for (const auto& [name, tensor] : part.tensors) {
    std::string now = names.single_file_name(name);
    if (!now.empty()) out.add(std::move(now), part.origin.at(name), tensor);
  }
  return out;
}

Part vae_names(const Part& part) {
  const int levels = count(part, [](int level) {
    return fmt::format("decoder.up_blocks.{}.resnets.0.conv1.weight", level);
  });
  if (levels == 0) return part;
  Part out = renamed(part, diffusers_vae_names(levels));
  for (auto& [name, tensor] : out.tensors) {
    if (name.find(".mid.attn_1.") != std::string::npos && tensor.shape.size() == 2) {
      tensor.shape.insert(tensor.shape.end(), {1, 1});
    }
  }
  return out;
}

}  // namespace sagitta::models
