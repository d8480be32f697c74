#include "sagitta/models/diffusers_names.h"

#include <fmt/format.h>

namespace sagitta::models {
namespace {

struct LayerName {
  std::string_view single_file;
  std::string_view diffusers;
};

constexpr LayerName kResidualLayers[] = {
    {"in_layers.0", "norm1"},        {"in_layers.2", "conv1"},  {"emb_layers.1", "time_emb_proj"},
    {"out_layers.0", "norm2"},       {"out_layers.3", "conv2"}, {"skip_connection", "conv_shortcut"},
};

constexpr LayerName kOuterLayers[] = {
    {"time_embed.0", "time_embedding.linear_1"},
    {"time_embed.2", "time_embedding.linear_2"},
    {"label_emb.0.0", "add_embedding.linear_1"},
    {"label_emb.0.2", "add_embedding.linear_2"},
    {"input_blocks.0.0", "conv_in"},
    {"out.0", "conv_norm_out"},
    {"out.2", "conv_out"},
};

// True if name is part, or goes on behind it with another segment.
bool begins_with_part(std::string_view name, std::string_view part) {
  return name.starts_with(part) && (name.size() == part.size() || name[part.size()] == '.');
}

// The block of a tensor's name: the longest beginning, in whole segments, that is in the table.
template <class Table>
auto find_longest(const Table& table, std::string_view name) {
  auto found = table.find(name);
  while (found == table.end()) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) break;
    name = name.substr(0, dot);
    found = table.find(name);
  }
  return found;
}

}  // namespace

DiffusersUnetNames::DiffusersUnetNames(const UnetSpec& spec) {
  for (const LayerName& layer : kOuterLayers) {
    blocks_[std::string(layer.single_file)] = {.name = std::string(layer.diffusers)};
  }
  const auto residual = [&](const std::string& block, std::string_view stage, std::size_t index) {
    blocks_[block + ".0"] = {.name = fmt::format("{}.resnets.{}", stage, index), .residual = true};
  };
  const auto transformer = [&](const std::string& block, std::string_view stage, std::size_t index) {
    blocks_[block + ".1"] = {.name = fmt::format("{}.attentions.{}", stage, index)};
  };

  int input = 1;  // behind the first convolution
  for (std::size_t level = 0; level < spec.levels.size(); ++level) {
    const std::string stage = fmt::format("down_blocks.{}", level);
    const std::vector<int>& depths = spec.levels[level].input_depth;
    for (std::size_t i = 0; i < depths.size(); ++i, ++input) {
      const std::string block = fmt::format("input_blocks.{}", input);
      residual(block, stage, i);
      if (depths[i] > 0) transformer(block, stage, i);
    }
    if (level + 1 < spec.levels.size()) {
      blocks_[fmt::format("input_blocks.{}.0.op", input++)] = {
          .name = fmt::format("{}.downsamplers.0.conv", stage)};
    }
  }

  blocks_["middle_block.0"] = {.name = "mid_block.resnets.0", .residual = true};
  if (spec.middle_depth > 0) blocks_["middle_block.1"] = {.name = "mid_block.attentions.0"};
  blocks_[spec.middle_depth > 0 ? "middle_block.2" : "middle_block.1"] = {
      .name = "mid_block.resnets.1", .residual = true};

  int output = 0;
  for (std::size_t up = 0; up < spec.levels.size(); ++up) {
    const std::string stage = fmt::format("up_blocks.{}", up);
    const std::vector<int>& depths = spec.levels[spec.levels.size() - 1 - up].output_depth;
    for (std::size_t i = 0; i < depths.size(); ++i, ++output) {
      const std::string block = fmt::format("output_blocks.{}", output);
      residual(block, stage, i);
      if (depths[i] > 0) transformer(block, stage, i);
      if (i + 1 == depths.size() && up + 1 < spec.levels.size()) {
        blocks_[fmt::format("{}.{}.conv", block, depths[i] > 0 ? 2 : 1)] = {
            .name = fmt::format("{}.upsamplers.0.conv", stage)};
      }
    }
  }
  for (const auto& [single_file, block] : blocks_) single_file_[block.name] = single_file;
}

std::string DiffusersUnetNames::operator()(std::string_view single_file_name) const {
  const auto block = find_longest(blocks_, single_file_name);
  if (block == blocks_.end()) return {};
  const std::string_view rest = single_file_name.substr(block->first.size());
  if (!block->second.residual || rest.empty()) return block->second.name + std::string(rest);
  for (const LayerName& layer : kResidualLayers) {
    if (begins_with_part(rest.substr(1), layer.single_file)) {
      return fmt::format("{}.{}{}", block->second.name, layer.diffusers,
                         rest.substr(1 + layer.single_file.size()));
    }
  }
  return {};
}

std::string DiffusersUnetNames::single_file_name(std::string_view diffusers_name) const {
  const auto block = find_longest(single_file_, diffusers_name);
  if (block == single_file_.end()) return {};
  const std::string_view rest = diffusers_name.substr(block->first.size());
  const std::string& name = block->second;
  if (!blocks_.at(name).residual || rest.empty()) return name + std::string(rest);
  for (const LayerName& layer : kResidualLayers) {
    if (begins_with_part(rest.substr(1), layer.diffusers)) {
      return fmt::format("{}.{}{}", name, layer.single_file, rest.substr(1 + layer.diffusers.size()));
    }
  }
  return {};
}

}  // namespace sagitta::models
