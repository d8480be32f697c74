// Every prompt of the golden data gives the segments, ids and weights that upstream gives.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "sagitta/base/json.h"
#include "sagitta/text/prompt.h"
#include "sagitta/text/weights.h"

namespace sagitta::text {
namespace {

std::string read_golden(const std::string& name) {
  const std::string path = std::string(SAGITTA_GOLDEN_DIR) + "/text/" + name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " is missing";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The parameters in the header of a safetensors file: 8 bytes of length, then JSON.
Json read_golden_params(const std::string& name) {
  const std::string file = read_golden(name);
  std::size_t length = 0;
  for (std::size_t i = 8; i > 0; --i)
    length = length << 8U | static_cast<unsigned char>(file.at(i - 1));
  const Json header = Json::parse(file.substr(8, length));
  return Json::parse(header.at("__metadata__").at("params").get<std::string>());
}

double number(const Json& value) {
  if (!value.is_string()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  return text == "-inf" ? -HUGE_VAL : HUGE_VAL;
}

// Weights in the older file are rounded to six digits behind the point.
void expect_weight(double weight, double expected) {
  if (std::isfinite(expected)) {
    EXPECT_NEAR(weight, expected, 1e-6);
  } else if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(weight)) << weight;
  } else {
    EXPECT_EQ(weight, expected);
  }
}

void expect_segments(const std::vector<Segment>& segments, const Json& expected) {
  ASSERT_EQ(segments.size(), expected.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i].text, expected[i][0].get<std::string>());
    const double weight = number(expected[i][1]);
    EXPECT_TRUE(segments[i].weight == weight ||
                (std::isnan(weight) && std::isnan(segments[i].weight)))
        << segments[i].weight << " instead of " << weight;
  }
}

// The golden lists stop at the last token that is not padding.
void expect_chunks(const std::vector<Chunk>& chunks, const Json& expected, int pad) {
  ASSERT_EQ(chunks.size(), expected.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Json& ids = expected[i].at("ids");
    ASSERT_EQ(expected[i].at("length").get<std::size_t>(), kChunkTokens);
    for (std::size_t j = 0; j < kChunkTokens; ++j) {
      SCOPED_TRACE(testing::Message() << "chunk " << i << ", token " << j);
      EXPECT_EQ(chunks[i][j].id, j < ids.size() ? ids[j].get<int>() : pad);
      expect_weight(chunks[i][j].weight,
                    j < ids.size() ? number(expected[i].at("weights")[j]) : 1.0);
    }
  }
}

class GoldenPrompts : public testing::TestWithParam<const char*> {};

TEST_P(GoldenPrompts, HaveTheSegmentsIdsAndWeightsOfUpstream) {
  const Json golden = Json::parse(read_golden(GetParam()));
  ASSERT_GT(golden.at("cases").size(), 50U);
  for (const Json& example : golden.at("cases")) {
    const auto prompt = example.at("prompt").get<std::string>();
    SCOPED_TRACE(prompt);
    expect_segments(parse_weights(prompt), example.at("segments"));
    const auto with_pad = [&prompt](int pad) {
      return tokenize_prompt(clip_tokenizer(), prompt, {.pad = pad}).chunks;
    };
    expect_chunks(with_pad(49407), example.at("pad49407"), 49407);
    expect_chunks(with_pad(0), example.at("pad0"), 0);
    if (example.contains("pad49407_with_embedding_foo_3_vectors")) {
      const auto foo = [](std::string_view name) -> std::optional<EmbeddingInfo> {
        if (name != "foo") return std::nullopt;
        return EmbeddingInfo{.index = 0, .vectors = 3};
      };
      expect_chunks(tokenize_prompt(clip_tokenizer(), prompt, {.embeddings = foo}).chunks,
                    example.at("pad49407_with_embedding_foo_3_vectors"), 49407);
    }
  }
}

std::string name_of(const testing::TestParamInfo<const char*>& file) {
  const std::string name = file.param;
  return name.substr(0, name.find('.'));
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenPrompts,
                         testing::Values("tokenize.json", "tokenize_more.json"), name_of);

// The number of vectors of each embedding that the golden folder has, by the names in the prompts.
std::optional<EmbeddingInfo> find_golden_embedding(std::string_view name) {
  struct Known {
    std::string_view name;
    std::int32_t vectors;
  };
  static constexpr Known kKnown[] = {{"params2", 2},
                                     {"params2.safetensors", 2},
                                     {"../embeddings/params2", 2},
                                     {"single_1d", 1},
                                     {"sdxl_lg", 3},
                                     {"bundle", 3},
                                     {"bundle_keys", 2},
                                     {"webui", 2},
                                     {"diffusers", 1},
                                     {"list", 3},
                                     {"wrong_width", 2},
                                     {"sub/nested", 1},
                                     {"nested", 1}};
  for (const Known& known : kKnown)
    if (known.name == name) return EmbeddingInfo{.index = 1, .vectors = known.vectors};
  return std::nullopt;
}

TEST(GoldenEmbeddings, StandWhereUpstreamPutsThem) {
  const PromptOptions options_l = {.embeddings = find_golden_embedding};
  const PromptOptions options_g = {.pad = 0, .embeddings = find_golden_embedding};
  for (const char* file : {"embeddings_tiny-sd1.safetensors", "embeddings_tiny-sdxl.safetensors"}) {
    const Json params = read_golden_params(file);
    ASSERT_FALSE(params.at("cases").empty());
    for (const Json& example : params.at("cases")) {
      const auto prompt = example.at("prompt").get<std::string>();
      SCOPED_TRACE(prompt);
      expect_chunks(tokenize_prompt(clip_tokenizer(), prompt, options_l).chunks,
                    example.at("tokens_l"), 49407);
      if (example.contains("tokens_g"))
        expect_chunks(tokenize_prompt(clip_tokenizer(), prompt, options_g).chunks,
                      example.at("tokens_g"), 0);
    }
  }
}

}  // namespace
}  // namespace sagitta::text
