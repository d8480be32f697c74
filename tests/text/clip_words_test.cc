#include "sagitta/text/clip_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sagitta::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClipWords, SplitsLettersNumbersAndPunctuation) {
  EXPECT_THAT(clip_words("A cat42, x"), ElementsAre("a", "cat", "4", "2", ",", "x"));
  EXPECT_THAT(clip_words("wow!!! x\u00b2"), ElementsAre("wow", "!!!", "x", "\u00b2"));
  EXPECT_THAT(clip_words(" \t\n\u3000"), IsEmpty());
}

TEST(ClipWords, ContractionsStandAlone) {
  EXPECT_THAT(clip_words("it's WE'LL 'd!'s"),
              ElementsAre("it", "'s", "we", "'ll", "'d", "!'", "s"));
  EXPECT_THAT(clip_words("'\u017f"), ElementsAre("'\u017f"));  // the long s is an s
}

TEST(ClipWords, ControlCharactersAndInvalidBytesAreDropped) {
  EXPECT_THAT(clip_words("zero\u200bwidth\u00ad \x07"), ElementsAre("zerowidth"));
  EXPECT_THAT(clip_words("a\xff\xfe"
                         "b\uFFFD"),
              ElementsAre("ab"));
}

TEST(ClipWords, IdeographsStandAlone) {
  EXPECT_THAT(clip_words("a\u4e2d\u6587b"), ElementsAre("a", "\u4e2d", "\u6587", "b"));
  EXPECT_THAT(clip_words("\u304b\u306a"), ElementsAre("\u304b\u306a"));  // kana are letters
}

TEST(ClipWords, TextIsComposedAndLowerCase) {
  EXPECT_THAT(clip_words("E\u0301A\u030a"), ElementsAre("\u00e9\u00e5"));
}

TEST(ClipWords, SpecialTokensAreFoundInsidePunctuation) {
  EXPECT_THAT(clip_words("!!<|endoftext|>!a"), ElementsAre("!!", "<|endoftext|>", "!", "a"));
  // In another case they are found after the split only, at the beginning of a piece.
  EXPECT_THAT(clip_words("<|ENDOFTEXT|>"), ElementsAre("<|endoftext|>"));
  EXPECT_THAT(clip_words("!<|STARTOFTEXT|>"), ElementsAre("!<|", "startoftext", "|>"));
  EXPECT_THAT(clip_words("<|<|<|startoftext|>"), ElementsAre("<|<|", "<|startoftext|>"));
}

}  // namespace
}  // namespace sagitta::text
