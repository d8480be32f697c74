#include "sagitta/text/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sagitta/base/error.h"

namespace sagitta::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kBegin = 49406;
constexpr int kEnd = 49407;
constexpr int kCat = 2368;

// Knows "foo" (number 4, 2 vectors), "long" (number 5, 80 vectors) and "none" (number 6, no
// vectors).
std::optional<EmbeddingInfo> find_embedding(std::string_view name) {
  if (name == "foo") return EmbeddingInfo{.index = 4, .vectors = 2};
  if (name == "long") return EmbeddingInfo{.index = 5, .vectors = 80};
  if (name == "none") return EmbeddingInfo{.index = 6, .vectors = 0};
  return std::nullopt;
}

TokenizedPrompt tokenize(std::string_view prompt) {
  return tokenize_prompt(clip_tokenizer(), prompt, {.embeddings = find_embedding});
}

// The ids of a chunk between begin and the first end token.
std::vector<int> inner(const Chunk& chunk) {
  EXPECT_EQ(chunk.front().id, kBegin);
  std::vector<int> ids;
  for (std::size_t i = 1; i < chunk.size() && chunk[i].id != kEnd; ++i) ids.push_back(chunk[i].id);
  return ids;
}

std::string repeat(std::string_view text, std::size_t n) {
  std::string result;
  for (std::size_t i = 0; i < n; ++i) result += text;
  return result;
}

TEST(Prompt, EmptyPromptIsOneChunkOfPadding) {
  const auto chunks = tokenize("").chunks;
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0][0], (Token{.id = kBegin}));
  for (std::size_t i = 1; i < kChunkTokens; ++i) EXPECT_EQ(chunks[0][i], (Token{.id = kEnd}));
}

TEST(Prompt, PaddingIsTheEndTokenUnlessGiven) {
  const auto chunk = tokenize_prompt(clip_tokenizer(), "(cat:2)", {.pad = 0}).chunks.at(0);
  EXPECT_EQ(chunk[1], (Token{.id = kCat, .weight = 2}));
  EXPECT_EQ(chunk[2], (Token{.id = kEnd}));
  EXPECT_EQ(chunk[3], (Token{.id = 0}));
  EXPECT_EQ(chunk[76], (Token{.id = 0}));
}

TEST(Prompt, ExactlySeventyFiveTokensFillAChunk) {
  EXPECT_EQ(tokenize(repeat("cat ", 75)).chunks.size(), 1U);
  const auto chunks = tokenize(repeat("cat ", 76)).chunks;
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0][76].id, kEnd);
  EXPECT_THAT(inner(chunks[1]), ElementsAre(kCat));
}

TEST(Prompt, ShortPartsMoveWholeAndLongPartsSplit) {
  const std::string filler = "(" + repeat("cat ", 70) + ":2)";
  const auto moved = tokenize(filler + repeat("cat ", 7)).chunks;
  ASSERT_EQ(moved.size(), 2U);
  EXPECT_EQ(inner(moved[0]).size(), 70U);
  EXPECT_EQ(inner(moved[1]).size(), 7U);
  const auto split = tokenize(filler + repeat("cat ", 8)).chunks;
  ASSERT_EQ(split.size(), 2U);
  EXPECT_EQ(inner(split[0]).size(), 75U);
  EXPECT_EQ(inner(split[1]).size(), 3U);
  EXPECT_EQ(split[0][70].weight, 2.0);
  EXPECT_EQ(split[0][71].weight, 1.0);
}

TEST(Prompt, EmbeddingVectorsCarryNumberRowAndWeight) {
  const auto chunk = tokenize("(a embedding:foo:1.5) cat").chunks.at(0);
  EXPECT_EQ(chunk[2], (Token{.id = Token::kVector, .embedding = 4, .row = 0, .weight = 1.5}));
  EXPECT_EQ(chunk[3], (Token{.id = Token::kVector, .embedding = 4, .row = 1, .weight = 1.5}));
  EXPECT_EQ(chunk[4], (Token{.id = kCat}));
}

TEST(Prompt, EmbeddingsStartASegmentOrFollowWhiteSpace) {
  constexpr int kVector = Token::kVector;
  EXPECT_THAT(inner(tokenize("embedding:foo\tembedding:foo").chunks[0]),
              ElementsAre(kVector, kVector, kVector, kVector));
  EXPECT_THAT(inner(tokenize("cat(embedding:foo)").chunks[0]), ElementsAre(kCat, kVector, kVector));
  EXPECT_THAT(inner(tokenize("x,embedding:foo").chunks[0]),
              testing::Not(testing::Contains(kVector)));
}

TEST(Prompt, EmbeddingNamesEndAtSpaceAngleOrSquareBracket) {
  constexpr int kVector = Token::kVector;
  for (const char* prompt : {"embedding:foo cat", "embedding:\n foo\u3000cat"})
    EXPECT_THAT(inner(tokenize(prompt).chunks[0]), ElementsAre(kVector, kVector, kCat)) << prompt;
  EXPECT_THAT(inner(tokenize("embedding:foo<cat").chunks[0]),
              ElementsAre(kVector, kVector, 283, kCat));
  EXPECT_THAT(inner(tokenize("embedding:foo[ cat").chunks[0]),
              ElementsAre(kVector, kVector, 314, kCat));
}

TEST(Prompt, CommasAroundAnEmbeddingNameAreTriedWithout) {
  constexpr int kVector = Token::kVector;
  EXPECT_THAT(inner(tokenize("embedding:foo, cat").chunks[0]),
              ElementsAre(kVector, kVector, 267, kCat));
  // As many characters as there were commas remain, here the second "o".
  EXPECT_THAT(inner(tokenize("embedding:,foo").chunks[0]), ElementsAre(kVector, kVector, 334));
}

TEST(Prompt, MissingEmbeddingsAreReportedAndLeftOut) {
  const TokenizedPrompt result = tokenize("embedding:bar cat embedding: embedding:,");
  EXPECT_THAT(result.missing_embeddings, ElementsAre("bar", "", ","));
  EXPECT_THAT(inner(result.chunks[0]), ElementsAre(kCat, 267));
  EXPECT_THAT(tokenize("embedding:none").missing_embeddings, IsEmpty());
}

TEST(Prompt, WithoutALookupEmbeddingsAreText) {
  const auto chunk = tokenize_prompt(clip_tokenizer(), "embedding:foo").chunks.at(0);
  EXPECT_EQ(inner(chunk), clip_tokenizer().encode("embedding:foo"));
}

TEST(Prompt, LongEmbeddingsSplitOverChunks) {
  const auto chunks = tokenize("cat embedding:long").chunks;
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0][75].row, 73);
  EXPECT_EQ(chunks[1][1].row, 74);
  EXPECT_EQ(chunks[1][6].row, 79);
  EXPECT_EQ(chunks[1][7].id, kEnd);
}

TEST(Prompt, HugePromptsWork) {
  const auto chunks = tokenize(repeat("cat ", 100'000)).chunks;
  EXPECT_EQ(chunks.size(), (100'000U + 74U) / 75U);
  EXPECT_GE(tokenize(std::string(100'000, '(')).chunks.size(), 1U);
  EXPECT_GE(tokenize(repeat("(a:", 30'000) + repeat(")", 30'000)).chunks.size(), 1U);
  EXPECT_GE(tokenize(repeat("\xf0\x9f", 50'000)).chunks.size(), 1U);
  EXPECT_EQ(tokenize(repeat("embedding:x ", 80'000)).missing_embeddings.size(), 80'000U);
}

TEST(Prompt, PromptsBeyondTheLimitsAreRefused) {
  EXPECT_THROW(tokenize(std::string(kMaxPromptBytes + 1, 'a')), Error);
  const PromptOptions huge = {
      .embeddings = [](std::string_view) { return EmbeddingInfo{.index = 0, .vectors = 400'000}; }};
  EXPECT_EQ(tokenize_prompt(clip_tokenizer(), "embedding:a", huge).chunks.size(), 5334U);
  try {
    (void)tokenize_prompt(clip_tokenizer(), repeat("embedding:a ", 3), huge);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_STREQ(error.what(), "prompt: more than 1048576 tokens, expected at most that many");
  }
}

}  // namespace
}  // namespace sagitta::text
