#include "sagitta/text/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "sagitta/base/error.h"
#include "sagitta/text/clip_merges.h"

namespace sagitta::text {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kVocabulary =
    R"({"a": 0, "b": 1, "a</w>": 2, "b</w>": 3, "ab": 4, "abab</w>": 5, "ab</w>": 6,
        "<|startoftext|>": 7, "<|endoftext|>": 9})";
constexpr const char* kMerges = "#version: 0.2\na b\na b</w>\nab ab</w>\n";

std::string failure_of(const char* vocabulary, const char* merges) {
  try {
    const ClipTokenizer tokenizer(vocabulary, merges);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_file);
    return error.what();
  }
  return "";
}

TEST(ClipTokenizer, EmbeddedVocabularyHasTheKnownIds) {
  const ClipTokenizer& tokenizer = clip_tokenizer();
  EXPECT_EQ(tokenizer.size(), 49408);
  EXPECT_EQ(tokenizer.begin_id(), 49406);
  EXPECT_EQ(tokenizer.end_id(), 49407);
  EXPECT_THAT(tokenizer.encode("a photo of a cat"), ElementsAre(320, 1125, 539, 320, 2368));
  EXPECT_THAT(tokenizer.encode(""), IsEmpty());
}

TEST(ClipTokenizer, MergesOfAllEmbeddedPairsArePresent) {
  const std::string merges = clip_merges();
  EXPECT_EQ(merges.size(), 524619U);
  EXPECT_EQ(merges.substr(0, 18), "#version: 0.2\ni n\n");
  EXPECT_TRUE(merges.ends_with("jeky ll</w>\n"));
  EXPECT_EQ(clip_tokenizer().decode(std::vector<int>{49405}), "jekyll");
}

TEST(ClipTokenizer, EveryTokenOfTheVocabularyDecodes) {
  const ClipTokenizer& tokenizer = clip_tokenizer();
  for (int id = 0; id < tokenizer.size(); ++id)
    EXPECT_FALSE(tokenizer.decode(std::vector{id}).empty()) << id;
}

TEST(ClipTokenizer, WordsEncodeBackToTheIdsTheyCameFrom) {
  const ClipTokenizer& tokenizer = clip_tokenizer();
  const std::vector<int> ids = tokenizer.encode("Caf\u00e9 \u65e5\u672c, it's 42 \U0001F600");
  EXPECT_EQ(tokenizer.decode(ids), "caf\u00e9 \u65e5 \u672c , it 's 4 2 \U0001F600");
  EXPECT_EQ(tokenizer.encode(tokenizer.decode(ids)), ids);
}

TEST(ClipTokenizer, DecodesSpecialUnknownAndBrokenTokens) {
  const ClipTokenizer& tokenizer = clip_tokenizer();
  EXPECT_EQ(tokenizer.decode(std::vector{49406, 320, 49407}), "<|startoftext|> a <|endoftext|>");
  EXPECT_EQ(tokenizer.decode(std::vector{-1, 49408}), "\uFFFD \uFFFD");
  EXPECT_EQ(tokenizer.decode(std::vector{162}), "\uFFFD");  // the first byte of an ideograph
}

TEST(ClipTokenizer, BestRankMergesFirstFromLeftToRight) {
  const ClipTokenizer tokenizer(kVocabulary, kMerges);
  EXPECT_THAT(tokenizer.encode("ab"), ElementsAre(6));
  EXPECT_THAT(tokenizer.encode("abab"), ElementsAre(5));
  EXPECT_THAT(tokenizer.encode("ababab"), ElementsAre(4, 5));
  EXPECT_THAT(tokenizer.encode("aba"), ElementsAre(4, 2));
  const ClipTokenizer doubles(
      R"({"a": 0, "a</w>": 1, "aa": 2, "<|startoftext|>": 3, "<|endoftext|>": 4})", "a a\n");
  EXPECT_THAT(doubles.encode("aaaa"), ElementsAre(2, 0, 1));
}

TEST(ClipTokenizer, PiecesOutsideTheVocabularyGetTheEndId) {
  const ClipTokenizer tokenizer(kVocabulary, kMerges);
  EXPECT_EQ(tokenizer.size(), 10);
  EXPECT_THAT(tokenizer.encode("ca"), ElementsAre(9, 2));
  EXPECT_THAT(tokenizer.encode("<|startoftext|>b"), ElementsAre(7, 3));
}

TEST(ClipTokenizer, WindowsLineEndsAreAccepted) {
  const ClipTokenizer tokenizer(kVocabulary, "#version: 0.2\r\na b</w>\r\n");
  EXPECT_THAT(tokenizer.encode("ab"), ElementsAre(6));
}

TEST(ClipTokenizer, BrokenFilesAreNamed) {
  EXPECT_THAT(failure_of("{", kMerges), HasSubstr("vocab.json: expected a JSON object"));
  EXPECT_THAT(failure_of("[1]", kMerges), HasSubstr("vocab.json: expected a JSON object"));
  EXPECT_THAT(failure_of("{}", kMerges), HasSubstr("'<|startoftext|>' is missing"));
  EXPECT_THAT(failure_of(R"({"a": -1})", kMerges), HasSubstr("token 'a' has the id -1"));
  EXPECT_THAT(failure_of(R"({"a": 4294967297})", kMerges), HasSubstr("has the id 4294967297"));
  EXPECT_THAT(failure_of(R"({"a": 1.5})", kMerges), HasSubstr("has the id 1.5"));
  EXPECT_THAT(failure_of(R"({"a": [[]]})", kMerges), HasSubstr("has the id array"));
  EXPECT_THAT(failure_of(kVocabulary, "#version: 0.2\na\n"), HasSubstr("line 2 is 'a'"));
  EXPECT_THAT(failure_of(kVocabulary, "a b c\n"), HasSubstr("line 1 is 'a b c'"));
}

TEST(ClipTokenizer, LongWordsTakeNoQuadraticTime) {
  const std::vector<int> ids = clip_tokenizer().encode(std::string(1'000'000, 'x'));
  EXPECT_LT(ids.size(), 1'000'000U);
  EXPECT_EQ(clip_tokenizer().decode(ids), std::string(1'000'000, 'x'));
}

TEST(ClipTokenizer, AnyBytesAreText) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_THAT(clip_tokenizer().encode(bytes), Each(testing::Ge(0)));
  EXPECT_EQ(clip_tokenizer().encode("a\xff cat\xc3"), clip_tokenizer().encode("a cat"));
}

TEST(ClipTokenizer, OneTokenizerServesManyThreads) {
  const std::string text = "a photo of \u65e5\u672c and CAF\u00c9";
  const std::vector<int> expected = clip_tokenizer().encode(text);
  std::vector<std::vector<int>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&result, &text] { result = clip_tokenizer().encode(text); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(results, Each(expected));
}

}  // namespace
}  // namespace sagitta::text
