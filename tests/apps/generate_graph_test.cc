#include "generate_graph.h"

#include <gtest/gtest.h>

namespace sagitta::cli {
namespace {

TEST(ParseLora, TheNumberBehindTheLastColonIsTheStrength) {
  EXPECT_EQ(parse_lora("style.safetensors").strength, 1);
  const LoraChoice lora = parse_lora("style.safetensors:-0.5");
  EXPECT_EQ(lora.file, "style.safetensors");
  EXPECT_EQ(lora.strength, -0.5);
}

TEST(ParseLora, AColonMayBelongToTheName) {
  EXPECT_EQ(parse_lora("a:b.safetensors").file, "a:b.safetensors");
  EXPECT_EQ(parse_lora("a:b.safetensors:2").file, "a:b.safetensors");
  EXPECT_EQ(parse_lora("a:").file, "a:");
  EXPECT_EQ(parse_lora("a:nan").file, "a:nan");
}

TEST(GenerationGraph, LorasFollowEachOtherAndFeedModelAndPrompts) {
  Generation generation;
  generation.loras = {{.file = "one", .strength = 0.5}, {.file = "two"}};
  const Json prompt = graph::to_json(generation_graph(generation));
  EXPECT_EQ(prompt["20"]["inputs"]["model"], Json({"4", 0}));
  EXPECT_EQ(prompt["20"]["inputs"]["strength_clip"], 0.5);
  EXPECT_EQ(prompt["21"]["inputs"]["model"], Json({"20", 0}));
  EXPECT_EQ(prompt["21"]["inputs"]["clip"], Json({"20", 1}));
  EXPECT_EQ(prompt["3"]["inputs"]["model"], Json({"21", 0}));
  EXPECT_EQ(prompt["7"]["inputs"]["clip"], Json({"21", 1}));
}

}  // namespace
}  // namespace sagitta::cli
