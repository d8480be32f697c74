#include "sagitta/text/unicode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sagitta::text {
namespace {

TEST(Unicode, Utf8SurvivesARoundTrip) {
  const std::string text = "a\u00e9\u4e2d\U0001F600";
  EXPECT_EQ(decode_utf8(text), U"a\u00e9\u4e2d\U0001F600");
  EXPECT_EQ(encode_utf8(decode_utf8(text)), text);
}

TEST(Unicode, InvalidBytesBecomeReplacementCharacters) {
  EXPECT_EQ(decode_utf8("a\xff"
                        "b"),
            U"a\uFFFDb");
  EXPECT_EQ(decode_utf8("\xe4\xb8"), U"\uFFFD\uFFFD");  // cut short
  for (const char32_t c : decode_utf8("\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80"))
    EXPECT_EQ(c, kReplacement);  // overlong, surrogate, above U+10FFFF
}

TEST(Unicode, ValuesThatAreNoScalarsAreWrittenAsReplacement) {
  const std::u32string text = {0xD800, 0x110000, U'a'};
  EXPECT_EQ(encode_utf8(text), "\uFFFD\uFFFDa");
}

TEST(Unicode, WordsAreSplitAtEveryKindOfSpace) {
  EXPECT_THAT(split_at_space(U" a\u3000\u0085bc\x1c"), testing::ElementsAre(U"a", U"bc"));
  EXPECT_THAT(split_at_space(U"\u200b"), testing::ElementsAre(U"\u200b"));  // of no width, no space
  EXPECT_THAT(split_at_space(U" \n"), testing::IsEmpty());
}

TEST(Unicode, DigitsOfEveryScriptHaveTheirValue) {
  EXPECT_EQ(decimal_digit(U'7'), 7);
  EXPECT_EQ(decimal_digit(U'\u0663'), 3);             // Arabic-Indic
  EXPECT_EQ(decimal_digit(U'\uFF15'), 5);             // full width
  EXPECT_EQ(decimal_digit(U'\U0001D7E9'), 7);         // third of five neighbouring runs
  EXPECT_EQ(decimal_digit(U'\u00B2'), std::nullopt);  // superscript two is no decimal digit
  EXPECT_EQ(decimal_digit(U'a'), std::nullopt);
}

TEST(Unicode, NfcComposesLettersAndHangul) {
  EXPECT_EQ(nfc(U"e\u0301"), U"\u00e9");
  EXPECT_EQ(nfc(U"\u1112\u1161\u11ab"), U"\ud55c");
  EXPECT_EQ(nfc(U"\u212B"), U"\u00c5");        // Angstrom sign
  EXPECT_EQ(nfc(U"\u0958"), U"\u0915\u093c");  // excluded from composition
}

TEST(Unicode, NfcOrdersMarksByClass) {
  // U+0323 (class 220) goes before U+0301 (class 230), and then both compose.
  EXPECT_EQ(nfc(U"o\u0301\u0323"), U"\u1ecd\u0301");
}

TEST(Unicode, NfcOfManyMarksTakesNoQuadraticTime) {
  std::u32string text = U"q";
  text.append(200'000, U'\u0301').append(200'000, U'\u0323');
  const std::u32string result = nfc(text);
  ASSERT_EQ(result.size(), text.size());
  EXPECT_EQ(result[1], U'\u0323');
  EXPECT_EQ(result.back(), U'\u0301');
}

TEST(Unicode, LowerCaseFollowsPython) {
  EXPECT_EQ(lower(U"ABC \u00c9\u0416"), U"abc \u00e9\u0436");
  EXPECT_EQ(lower(U"\u0130"), U"i\u0307");
  EXPECT_EQ(lower(U"\u1E9E\u01C5"), U"\u00df\u01c6");
}

TEST(Unicode, SigmaHasItsFinalFormAtTheEndOfAWord) {
  EXPECT_EQ(lower(U"\u039F\u03A3"), U"\u03bf\u03c2");
  EXPECT_EQ(lower(U"\u039F\u03A3\u0391"), U"\u03bf\u03c3\u03b1");
  EXPECT_EQ(lower(U"\u03A3"), U"\u03c3");
  EXPECT_EQ(lower(U"\u039F.\u03A3\u0301"), U"\u03bf.\u03c2\u0301");  // both sides skip marks
  EXPECT_EQ(lower(U"1\u03A3"), U"1\u03c3");
}

}  // namespace
}  // namespace sagitta::text
