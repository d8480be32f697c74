// A1111's "parameters": reading, writing and what they mean.
#include "sagitta/graph/parameters.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/parameters_describe.h"
#include "sagitta/graph/parameters_names.h"

#include <gmock/gmock.h>

namespace sagitta::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kPicture =
    "a photo of a cat,\n(masterpiece:1.2) <lora:fur:0.8>\n"
    "Negative prompt: blurry,\n\nugly\n"
    "Steps: 25, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 18446744073709551615, "
    "Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, "
    "ENSD: 31337, Dynamic thresholding enabled: True, Version: v1.6.0";

TEST(ParametersText, HasTwoPromptsAndFields) {
  const ParametersText text = parse_parameters_text(
      "\n a cat\r\nwith a hat\nNegative prompt: dog\nrain\n"
      "Steps: 20, Sampler: Euler a, Size: 8x16\n");
  EXPECT_EQ(text.prompt, "a cat\nwith a hat");
  EXPECT_EQ(text.negative, "dog\nrain");
  EXPECT_THAT(text.fields,
              ElementsAre(Pair("Steps", "20"), Pair("Sampler", "Euler a"), Pair("Size", "8x16")));
}

TEST(ParametersText, MayBeAPromptAlone) {
  const ParametersText text = parse_parameters_text("a cat: red, blue\nAND a dog");
  EXPECT_EQ(text.prompt, "a cat: red, blue\nAND a dog");
  EXPECT_THAT(text.fields, IsEmpty());
  EXPECT_EQ(parse_parameters_text("").prompt, "");
}

TEST(ParametersText, ValuesMayBeQuotedOrStructured) {
  const ParametersText text = parse_parameters_text(
      R"(Steps: 2, Lora hashes: "a: 1, \"b\": 2", Hashes: {"model": "x,y", "l": [1, 2]}, )"
      R"(Open: "never, ends: here, Seed: 5)");
  EXPECT_THAT(text.fields,
              ElementsAre(Pair("Steps", "2"), Pair("Lora hashes", "a: 1, \"b\": 2"),
                          Pair("Hashes", R"({"model": "x,y", "l": [1, 2]})"),
                          Pair("Open", "\"never"), Pair("ends", "here"), Pair("Seed", "5")));
}

TEST(ParametersText, FieldsMayFollowTheLineOfFields) {
  const ParametersText text =
      parse_parameters_text("cat\nSteps: 2, Seed: 1, Size: 8x8\nTemplate: a {cat|dog}, red");
  EXPECT_EQ(text.prompt, "cat");
  EXPECT_THAT(text.fields.back(), Pair("Template", "a {cat|dog}, red"));
}

TEST(ParametersText, IsWrittenAsItIsRead) {
  const ParametersText text{.prompt = "two\nlines",
                            .negative = "none",
                            .fields = {{"Steps", "3"}, {"Model", "a, \"b\": c"}, {"VAE", " x "}}};
  const ParametersText again = parse_parameters_text(to_text(text));
  EXPECT_EQ(again.prompt, text.prompt);
  EXPECT_EQ(again.negative, text.negative);
  EXPECT_EQ(again.fields, text.fields);
}

TEST(ParametersText, IsRefusedBeyondTheLimit) {
  EXPECT_THROW((void)parse_parameters_text(std::string(kMaxParametersBytes + 1, 'x')), Error);
}

TEST(Parameters, AreTheSettingsOfAGeneration) {
  const Parameters parameters = read_parameters(kPicture);
  EXPECT_EQ(parameters.prompt, "a photo of a cat,\n(masterpiece:1.2) ");
  EXPECT_EQ(parameters.negative, "blurry,\n\nugly");
  ASSERT_EQ(parameters.loras.size(), 1U);
  EXPECT_EQ(parameters.loras[0].name, "fur");
  EXPECT_EQ(parameters.loras[0].model, 0.8);
  EXPECT_EQ(parameters.loras[0].clip, 0.8);
  EXPECT_EQ(parameters.steps, 25);
  EXPECT_EQ(parameters.sampler, "dpmpp_2m");
  EXPECT_EQ(parameters.scheduler, "karras");
  EXPECT_EQ(parameters.cfg, 6.5);
  EXPECT_EQ(parameters.seed, 18446744073709551615U);
  EXPECT_EQ(parameters.size, std::pair(std::int64_t{512}, std::int64_t{768}));
  EXPECT_EQ(parameters.model, "v1-5-pruned-emaonly");
  EXPECT_EQ(parameters.clip_skip, 2);
  EXPECT_THAT(parameters.notes, ElementsAre(HasSubstr("ENSD")));
  EXPECT_THAT(parameters.unknown, ElementsAre("Dynamic thresholding enabled: True"));
}

TEST(Parameters, ThatAreNoNumbersAreNotUnderstood) {
  const Parameters parameters =
      read_parameters("x\nSteps: many, CFG scale: nan, Seed: -1, Size: 5x, Clip skip: 99999999999");
  EXPECT_FALSE(parameters.steps || parameters.cfg || parameters.seed || parameters.size);
  EXPECT_THAT(parameters.unknown, ElementsAre("Steps: many", "CFG scale: nan", "Seed: -1",
                                              "Size: 5x", "Clip skip: 99999999999"));
}

TEST(Parameters, MayNameTheModelWithItsHash) {
  EXPECT_EQ(read_parameters("x\nSteps: 2, CFG scale: .5, Model: a.safetensors [372b6a05]").model,
            "a.safetensors");
}

TEST(Parameters, HaveASecondPass) {
  const Parameters parameters = read_parameters(
      "x\nSteps: 20, Sampler: Euler a, Denoising strength: 0.4, Hires upscale: 1.5, Hires steps: "
      "10, "
      "Hires upscaler: Latent, Hires sampler: DDIM, Hires CFG Scale: 5");
  ASSERT_TRUE(parameters.hires);
  EXPECT_EQ(parameters.hires->scale, 1.5);
  EXPECT_EQ(parameters.hires->steps, 10);
  EXPECT_EQ(parameters.hires->sampler, "ddim");
  EXPECT_EQ(parameters.hires->cfg, 5);
  EXPECT_EQ(parameters.denoise, 0.4);
  EXPECT_THAT(parameters.notes, IsEmpty());
  EXPECT_THAT(parameters.unknown, IsEmpty());
}

TEST(Parameters, SayWhatWillBeAnotherPicture) {
  const auto notes = [](const std::string& text) { return read_parameters(text).notes; };
  EXPECT_THAT(notes("x\nSteps: 2, Denoising strength: 0.5"),
              ElementsAre(HasSubstr("another picture")));
  EXPECT_THAT(notes("x\nSteps: 2, RNG: NV"), ElementsAre(HasSubstr("RNG \"NV\"")));
  EXPECT_THAT(notes("x\nSteps: 2, Batch pos: 3"), ElementsAre(HasSubstr("batch")));
  EXPECT_THAT(notes("x\nSteps: 2, Sampler: Restart"), ElementsAre(HasSubstr("\"Restart\"")));
  EXPECT_THAT(notes("x BREAK y AND z\nSteps: 2"),
              ElementsAre(HasSubstr("BREAK"), HasSubstr("AND")));
  EXPECT_THAT(notes("BREAKFAST SAND\nSteps: 2"), IsEmpty());
}

TEST(Parameters, HaveSelfAttentionGuidanceOfEitherExtension) {
  const Parameters first = read_parameters(
      "x\nSteps: 2, SAG Guidance Enabled: True, SAG Guidance Scale: 0.75, SAG Mask Threshold: 1.1");
  EXPECT_EQ(first.sag->scale, 0.75);
  EXPECT_EQ(first.sag->threshold, 1.1);
  EXPECT_EQ(first.sag->blur_sigma, 1);
  const Parameters second =
      read_parameters("x\nSteps: 2, sag_enabled: True, sag_scale: 0.5, sag_blur_sigma: 3");
  EXPECT_EQ(second.sag->scale, 0.5);
  EXPECT_EQ(second.sag->blur_sigma, 3);
  EXPECT_THAT(second.unknown, IsEmpty());
}

TEST(ParametersNames, ComeInOldAndNewStyle) {
  const auto names = [](std::string_view name, std::string_view type) {
    const SamplerChoice choice = sampler_from(name, type);
    return choice.sampler + "/" + choice.scheduler + (choice.known ? "" : "?");
  };
  EXPECT_EQ(names("DPM++ 2M Karras", ""), "dpmpp_2m/karras");
  EXPECT_EQ(names("DPM++ 2M", "Karras"), "dpmpp_2m/karras");
  EXPECT_EQ(names("DPM++ 2M", "Automatic"), "dpmpp_2m/karras");
  EXPECT_EQ(names("DPM++ 2M", ""), "dpmpp_2m/normal");
  EXPECT_EQ(names("DPM++ 3M SDE Exponential", ""), "dpmpp_3m_sde/exponential");
  EXPECT_EQ(names("euler a", "SGM Uniform"), "euler_ancestral/sgm_uniform");
  EXPECT_EQ(names("DDIM", ""), "ddim/ddim_uniform");
  EXPECT_EQ(names("dpmpp_2m_karras", ""), "dpmpp_2m/karras");
  EXPECT_EQ(names("euler", "normal"), "euler/normal");
  EXPECT_EQ(names("Restart", "Karras"), "Restart/karras?");
  EXPECT_EQ(names("Euler", "Align Your Steps"), "euler/Align Your Steps?");
  EXPECT_EQ(sampler_label("dpmpp_2m"), "DPM++ 2M");
  EXPECT_EQ(scheduler_label("normal"), "Uniform");
  EXPECT_EQ(sampler_label("res_multistep"), "res_multistep");
}

TEST(ParametersPrompt, BracketsTakeEmphasisAway) {
  EXPECT_EQ(prompt_from_a1111("a [b] c").text, "a (b:0.909) c");
  EXPECT_EQ(prompt_from_a1111("[a (b:1.2) [c]]").text, "(a (b:1.2) (c:0.909):0.909)");
  EXPECT_EQ(prompt_from_a1111("\\[x\\] \\(y\\) [z").text, "[x] \\(y\\) [z");
  EXPECT_EQ(prompt_from_a1111("[a (b] c)").text, "[a (b] c)");
  const ReadPrompt edited = prompt_from_a1111("[cat:dog:0.5] [a|b]");
  EXPECT_EQ(edited.text, "[cat:dog:0.5] [a|b]");
  EXPECT_EQ(edited.notes.size(), 1U);
}

TEST(ParametersPrompt, DeepBracketsEnd) {
  const std::string deep = std::string(100'000, '[') + "x" + std::string(100'000, ']');
  const std::string text = prompt_from_a1111(deep).text;
  EXPECT_TRUE(text.starts_with(std::string(20, '(') + std::string(99'980, '[') + "x]"));
  EXPECT_TRUE(text.ends_with(":0.909):0.909)"));
}

TEST(ParametersPrompt, TagsBecomeLoras) {
  const ReadPrompt prompt =
      prompt_from_a1111("x<lora:a:0.5:1><lyco:b><lora:c:te=0.1:unet=0.2><hypernet:d:1> <3 > y");
  EXPECT_EQ(prompt.text, "x <3 > y");
  ASSERT_EQ(prompt.loras.size(), 3U);
  EXPECT_EQ(prompt.loras[0].clip, 0.5);
  EXPECT_EQ(prompt.loras[0].model, 1);
  EXPECT_EQ(prompt.loras[1].model, 1);
  EXPECT_EQ(prompt.loras[2].clip, 0.1);
  EXPECT_EQ(prompt.loras[2].model, 0.2);
  EXPECT_THAT(prompt.notes, ElementsAre(HasSubstr("<hypernet:...>")));
}

TEST(ParametersPrompt, EmbeddingsAreWholeWords) {
  const std::vector<std::string> names = {"easy", "EasyNegative", "bad-hands-5"};
  EXPECT_EQ(mark_embeddings("easynegative, (bad-hands-5:1.2), uneasy embedding:easy", names),
            "embedding:EasyNegative, (embedding:bad-hands-5:1.2), uneasy embedding:easy");
  EXPECT_EQ(prompt_to_a1111("embedding:easy [x] \\(y\\)"), "easy \\[x\\] \\(y\\)");
}

Json ordinary() {
  return Json::parse(R"json({
    "3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 20, "cfg": 7.5,
          "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0, "model": ["10", 0],
          "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sub/model.v2.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48, "batch_size": 2}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["11", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["11", 0]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["12", 0]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
    "10": {"class_type": "SelfAttentionGuidance", "inputs": {"model": ["20", 0], "scale": 0.5,
           "blur_sigma": 2.0}},
    "11": {"class_type": "CLIPSetLastLayer", "inputs": {"clip": ["20", 1], "stop_at_clip_layer": -2}},
    "12": {"class_type": "VAELoader", "inputs": {"vae_name": "ft.safetensors"}},
    "20": {"class_type": "LoraLoader", "inputs": {"model": ["4", 0], "clip": ["4", 1],
           "lora_name": "fur.safetensors", "strength_model": 0.5, "strength_clip": 1.0}}})json");
}

std::string described(const Json& api) {
  const auto text = describe_parameters(parse_prompt(api), "9", 64, 48);
  return text ? to_text(*text) : "nothing";
}

TEST(DescribeParameters, ReadsAnOrdinaryGraph) {
  EXPECT_EQ(
      described(ordinary()),
      "a cat <lora:fur:1:0.5>\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, "
      "Schedule type: Karras, CFG scale: 7.5, Seed: 7, Size: 64x48, Model: model.v2, "
      "VAE: ft.safetensors, Clip skip: 2, SAG Guidance Enabled: True, SAG Guidance Scale: 0.5, "
      "SAG Blur Sigma: 2, Version: sagitta");
}

TEST(DescribeParameters, SaysNothingOfOtherGraphs) {
  const auto with = [](const std::string& node, const std::string& input, const Json& value) {
    Json api = ordinary();
    api[node]["inputs"][input] = value;
    return described(api);
  };
  EXPECT_EQ(with("3", "model", {"3", 0}), "nothing") << "a ring";
  EXPECT_EQ(with("10", "model", {"10", 0}), "nothing") << "a ring";
  EXPECT_EQ(with("3", "seed", {"5", 0}), "nothing") << "a linked seed";
  EXPECT_EQ(with("3", "seed", "x"), "nothing");
  EXPECT_EQ(with("6", "text", 5), "nothing");
  EXPECT_EQ(with("6", "clip", {"4", 1}), "nothing") << "the LoRA changes one of the prompts";
  EXPECT_EQ(with("3", "denoise", 0.5), "nothing") << "not all of the noise is taken away";
  EXPECT_EQ(with("9", "images", {"77", 0}), "nothing");
  EXPECT_EQ(with("8", "samples", {"5", 0}), "nothing");
  EXPECT_THAT(with("4", "ckpt_name", "a, b.safetensors"), HasSubstr("Model: \"a, b\""));
}

TEST(DescribeParameters, IsUnderstoodAgain) {
  const Parameters parameters = read_parameters(described(ordinary()));
  EXPECT_THAT(parameters.notes, IsEmpty());
  EXPECT_THAT(parameters.unknown, IsEmpty());
  EXPECT_EQ(parameters.sag->blur_sigma, 2);
  EXPECT_EQ(parameters.loras.at(0).clip, 1);
  EXPECT_EQ(parameters.vae, "ft.safetensors");
}

}  // namespace
}  // namespace sagitta::graph
