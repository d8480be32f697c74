#include "sagitta/text/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <string>

namespace sagitta::text {

void PrintTo(const Segment& segment, std::ostream* out) {
  *out << '"' << segment.text << "\" " << segment.weight;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kDeep = 100'000;

TEST(Weights, PlainTextIsOneSegment) {
  EXPECT_THAT(parse_weights("a cat"), ElementsAre(Segment{"a cat", 1.0}));
  EXPECT_THAT(parse_weights(""), IsEmpty());
  EXPECT_THAT(parse_weights("[a] {b}"), ElementsAre(Segment{"[a] {b}", 1.0}));
}

TEST(Weights, ParenthesesMultiplyAndNumbersSet) {
  EXPECT_THAT(parse_weights("a (b (c)) (d:0.5)"),
              ElementsAre(Segment{"a ", 1.0}, Segment{"b ", 1.1}, Segment{"c", 1.1 * 1.1},
                          Segment{" ", 1.0}, Segment{"d", 0.5}));
  EXPECT_THAT(parse_weights("((a:1.2) b:3)"), ElementsAre(Segment{"a", 1.2}, Segment{" b", 3.0}));
  EXPECT_THAT(parse_weights("((a) b:3)"), ElementsAre(Segment{"a", 3 * 1.1}, Segment{" b", 3.0}));
}

TEST(Weights, OnlyTheLastColonBehindTextCounts) {
  EXPECT_THAT(parse_weights("(a:1.3:2)"), ElementsAre(Segment{"a:1.3", 2.0}));
  EXPECT_THAT(parse_weights("(a:1.3:b)"), ElementsAre(Segment{"a:1.3:b", 1.1}));
  EXPECT_THAT(parse_weights("(:2)"), ElementsAre(Segment{":2", 1.1}));
  EXPECT_THAT(parse_weights("(a:2 (b))"),
              ElementsAre(Segment{"a:2 ", 1.1}, Segment{"b", 1.1 * 1.1}));
}

TEST(Weights, UnbalancedParenthesesAreText) {
  EXPECT_THAT(parse_weights("(a:1.5"), ElementsAre(Segment{"(a:1.5", 1.0}));
  EXPECT_THAT(parse_weights("a) (b)"), ElementsAre(Segment{"a) (b)", 1.0}));
  EXPECT_THAT(parse_weights("a) ((b) c)"),
              ElementsAre(Segment{"a) (", 1.0}, Segment{"b", 1.1}, Segment{" c)", 1.0}));
  EXPECT_THAT(parse_weights("((a)"), ElementsAre(Segment{"(a", 1.1}));
  // The outer group has no end of its own, takes the last one, and so leaves "(b" open.
  EXPECT_THAT(parse_weights("((a) (b)"),
              ElementsAre(Segment{"a", 1.1 * 1.1}, Segment{" ", 1.1}, Segment{"(b", 1.1}));
}

TEST(Weights, EscapedParenthesesAreText) {
  EXPECT_THAT(parse_weights("\\(a:2\\)"), ElementsAre(Segment{"(a:2)", 1.0}));
  EXPECT_THAT(parse_weights("(\\)\\(:2)"), ElementsAre(Segment{")(", 2.0}));
  EXPECT_THAT(parse_weights("\\\\(a)"), ElementsAre(Segment{"\\(a)", 1.0}));
  EXPECT_THAT(parse_weights("\\"), ElementsAre(Segment{"\\", 1.0}));
}

TEST(Weights, EmptyGroupsVanish) {
  EXPECT_THAT(parse_weights("()(())a"), ElementsAre(Segment{"a", 1.0}));
}

TEST(Weights, InvalidUtf8IsReplaced) {
  EXPECT_THAT(parse_weights("(a\xff:2)"), ElementsAre(Segment{"a\uFFFD", 2.0}));
}

TEST(Weights, ManyOpenParenthesesAreText) {
  const std::string open(kDeep, '(');
  EXPECT_THAT(parse_weights(open), ElementsAre(Segment{open, 1.0}));
  // The closing parenthesis pairs with the first opening one, all others stay.
  EXPECT_THAT(parse_weights(open + "a)"), ElementsAre(Segment{open.substr(1) + "a", 1.1}));
}

TEST(Weights, DeepNestingWorks) {
  const auto segments = parse_weights(std::string(kDeep, '(') + "a" + std::string(kDeep, ')'));
  EXPECT_THAT(segments, ElementsAre(Segment{"a", HUGE_VAL}));  // 1.1 to the power of 100,000
  std::string weighted(kDeep, '(');
  weighted += "a";
  for (std::size_t i = 0; i < kDeep; ++i) weighted += ":2)";
  EXPECT_THAT(parse_weights(weighted), ElementsAre(Segment{"a", 2.0}));
}

TEST(Weights, HostileNestingTakesNoQuadraticTime) {
  const std::string half(kDeep / 2, '(');
  EXPECT_EQ(parse_weights(half + half + std::string(kDeep / 2, ')')).size(), 1U);
  EXPECT_EQ(
      parse_weights(half + ":" + std::string(kDeep, ' ') + std::string(kDeep / 2, ')')).size(), 1U);
  std::string brackets;
  for (std::size_t i = 0; i < kDeep; ++i) brackets += "(a)";
  EXPECT_EQ(parse_weights("(" + brackets + ")").size(), kDeep);
  EXPECT_EQ(parse_weights(std::string(kDeep, ')') + half).size(), 1U);
}

}  // namespace
}  // namespace sagitta::text
