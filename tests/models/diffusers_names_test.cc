#include "sagitta/models/diffusers_names.h"

#include <gtest/gtest.h>

namespace sagitta::models {
namespace {

// Two levels; the finer one without attention, as in SDXL.
UnetSpec spec() {
  UnetSpec spec;
  spec.levels = {{.channels = 32, .input_depth = {0}, .output_depth = {0, 0}},
                 {.channels = 64, .input_depth = {2}, .output_depth = {2, 2}}};
  return spec;
}

TEST(DiffusersNames, CountsBlocksByLevel) {
  const DiffusersUnetNames name(spec());
  EXPECT_EQ(name("input_blocks.0.0.weight"), "conv_in.weight");
  EXPECT_EQ(name("input_blocks.1.0.in_layers.2.weight"), "down_blocks.0.resnets.0.conv1.weight");
  EXPECT_EQ(name("input_blocks.2.0.op.bias"), "down_blocks.0.downsamplers.0.conv.bias");
  EXPECT_EQ(name("input_blocks.3.0.skip_connection.weight"),
            "down_blocks.1.resnets.0.conv_shortcut.weight");
  EXPECT_EQ(name("input_blocks.3.1.transformer_blocks.1.attn1.to_q.weight"),
            "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q.weight");
  EXPECT_EQ(name("middle_block.2.out_layers.0.bias"), "mid_block.resnets.1.norm2.bias");
  EXPECT_EQ(name("output_blocks.1.2.conv.weight"), "up_blocks.0.upsamplers.0.conv.weight");
  EXPECT_EQ(name("output_blocks.3.0.emb_layers.1.weight"),
            "up_blocks.1.resnets.1.time_emb_proj.weight");
  EXPECT_EQ(name("time_embed.2.bias"), "time_embedding.linear_2.bias");
}

TEST(DiffusersNames, AnUpsamplingWithoutTransformerComesRightBehindItsResidualBlock) {
  UnetSpec plain = spec();
  plain.levels[1].output_depth = {0, 0};
  EXPECT_EQ(DiffusersUnetNames(plain)("output_blocks.1.1.conv.weight"),
            "up_blocks.0.upsamplers.0.conv.weight");
}

TEST(DiffusersNames, NamesModulesWithoutTheirTensors) {
  EXPECT_EQ(DiffusersUnetNames(spec())("middle_block.1.proj_in"), "mid_block.attentions.0.proj_in");
}

TEST(DiffusersNames, WhatIsNotInTheNetworkHasNoName) {
  const DiffusersUnetNames name(spec());
  EXPECT_EQ(name("input_blocks.9.0.in_layers.2.weight"), "");
  EXPECT_EQ(name("input_blocks.1.0.something.weight"), "");
  EXPECT_EQ(name(""), "");
}

}  // namespace
}  // namespace sagitta::models
