#include "sagitta/draw/text.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace sagitta::draw {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::SizeIs;

constexpr TextStyle kBlack{.size = 20, .bold = false, .color = {}};

// How much ink a text puts on a sheet that is large enough for it.
float ink(std::string_view text, const TextStyle& style = kBlack) {
  Array image = blank({.width = 400, .height = 100}, rgb(0xFFFFFF));
  draw_text(image, text, {.x = 10, .y = 10}, style);
  return std::accumulate(image.values().begin(), image.values().end(), 0.0F,
                         [](float sum, float value) { return sum + 1 - value; });
}

TEST(Text, StaysInItsBox) {
  const std::string text = "Ågjpqy|\nfg";
  const Size size = text_size(text, kBlack);
  Array image = blank({.width = size.width + 20, .height = size.height + 20}, rgb(0xFFFFFF));
  draw_text(image, text, {.x = 10, .y = 10}, kBlack);
  for (std::int64_t y = 0; y < image.dim(0); ++y) {
    for (std::int64_t x = 0; x < image.dim(1); ++x) {
      const bool inside = x >= 9 && x < 11 + size.width && y >= 10 && y < 10 + size.height;
      if (!inside) {
        EXPECT_EQ(image[static_cast<std::size_t>((y * image.dim(1) + x) * 3)], 1) << x << " " << y;
      }
    }
  }
  EXPECT_GT(ink(text), 100);
}

TEST(Text, GrowsWithLettersLinesAndSize) {
  EXPECT_EQ(text_size("", kBlack).width, 0);
  EXPECT_EQ(text_size("", kBlack).height, text_size("Ag", kBlack).height);
  EXPECT_GT(text_size("aa\na", kBlack).height, 2 * 20);
  EXPECT_EQ(text_size("aa\na", kBlack).width, text_size("aa", kBlack).width);
  TextStyle large = kBlack;
  large.size = 40;
  EXPECT_NEAR(static_cast<double>(text_size("Hamburg", large).width),
              2.0 * static_cast<double>(text_size("Hamburg", kBlack).width), 2);
  TextStyle bold = kBlack;
  bold.bold = true;
  EXPECT_GT(ink("Hamburg", bold), ink("Hamburg"));
}

TEST(Text, KernsPairs) {
  const auto width = [](const char* text) {
    return text_size(text, {.size = 200, .bold = false, .color = {}}).width;
  };
  EXPECT_LT(width("AV"), width("A") + width("V") - 5);
}

TEST(Text, DrawsComposedAndDecomposedLettersAlike) {
  EXPECT_EQ(ink("\u00e9"), ink("e\u0301"));
  EXPECT_GT(ink("\u00e9"), ink("e"));
}

TEST(Text, DrawsABoxForAMissingGlyph) {
  const float box = ink("\U0001F9FF");
  EXPECT_GT(box, 5);
  EXPECT_EQ(box, ink("\U000E1234"));  // not even assigned
  EXPECT_EQ(text_size("\u4e2d", kBlack), text_size("\U0001F9FF", kBlack));
}

TEST(Text, DrawsAnyBytes) {
  const std::string replacement = "\uFFFD";
  EXPECT_EQ(ink("a\xff"), ink("a" + replacement));
  EXPECT_EQ(ink("\xed\xa0\x80"),
            ink(replacement + replacement + replacement));  // half of a surrogate pair
  EXPECT_EQ(ink(std::string_view("a\0b\x07\x7f\r", 6)), ink("ab"));
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_GT(ink(all), 10);
  EXPECT_FALSE(wrap_text(all, 100, 50, kBlack).empty());
}

TEST(Text, BlendsTheColour) {
  Array image = blank({.width = 60, .height = 40}, rgb(0xFFFFFF));
  draw_text(image, "\u2588", {.x = 10, .y = 10},
            {.size = 20, .bold = false, .color = rgb(0xFF0000)});
  const float* middle = image.data() + (20 * 60 + 15) * 3;
  EXPECT_FLOAT_EQ(middle[0], 1);
  EXPECT_FLOAT_EQ(middle[1], 0);
  EXPECT_FLOAT_EQ(middle[2], 0);
}

TEST(WrapText, BreaksAtSpaces) {
  const std::int64_t width = text_size("one two", kBlack).width;
  EXPECT_THAT(wrap_text("one two three", width, 9, kBlack), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap_text(" one \n two  ", width, 9, kBlack), ElementsAre("one", "two"));
  EXPECT_THAT(wrap_text("", width, 9, kBlack), ElementsAre(""));
  EXPECT_THAT(wrap_text("a\n\nb", width, 9, kBlack), ElementsAre("a", "", "b"));
}

TEST(WrapText, BreaksWordsThatAreTooLong) {
  const std::int64_t width = text_size("mmmm", kBlack).width;
  EXPECT_THAT(wrap_text("mmmmmmmmm m", width, 9, kBlack), ElementsAre("mmmm", "mmmm", "m m"));
  EXPECT_THAT(wrap_text("ab", 0, 9, kBlack), ElementsAre("a", "b"));
}

TEST(WrapText, EndsWithAnEllipsisWhereTextIsCut) {
  const std::int64_t width = text_size("one two", kBlack).width;
  const auto lines = wrap_text("one two three four five", width, 2, kBlack);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0], "one two");
  EXPECT_THAT(lines[1], EndsWith("\u2026"));
  EXPECT_LE(text_size(lines[1], kBlack).width, width);
  EXPECT_THAT(wrap_text("one\ntwo", 500, 1, kBlack), ElementsAre("one\u2026"));
}

TEST(Text, RefusesSizesThatCannotBeDrawn) {
  for (const float size : {0.0F, -1.0F, 5000.0F, std::nanf("")}) {
    EXPECT_THROW(static_cast<void>(text_size("a", {.size = size, .bold = false, .color = {}})),
                 Error);
  }
}

}  // namespace
}  // namespace sagitta::draw
