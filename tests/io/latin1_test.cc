#include "sagitta/io/latin1.h"

#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

TEST(Latin1, EveryCharacterSurvivesARoundTrip) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(utf8_to_latin1(latin1_to_utf8(all)), all);
}

TEST(Latin1, HasNoCharactersAboveFf) {
  EXPECT_EQ(utf8_to_latin1("\xC3\xBF"), "\xFF");
  EXPECT_FALSE(utf8_to_latin1("\xC4\x80").has_value());
  EXPECT_FALSE(utf8_to_latin1("\xE2\x82\xAC").has_value());
}

TEST(Utf8, AcceptsTheBorderCharactersOfEveryLength) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(
      is_utf8("a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesMalformedSequences) {
  for (const char* text :
       {"\x80", "\xC2", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82",
        "\xC2"
        "a"}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(utf8_to_latin1(text).has_value());
  }
}

}  // namespace
}  // namespace sagitta::io
