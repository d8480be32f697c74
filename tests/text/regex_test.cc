#include "sagitta/text/regex.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>

namespace sagitta::text {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> found(std::string_view pattern, std::string_view subject,
                               const RegexOptions& options = {}) {
  std::vector<std::string> all;
  for (const RegexMatch& match : Regex(pattern, options).find_all(subject)) {
    all.emplace_back(*match.groups[0]);
  }
  return all;
}

std::string refusal(std::string_view pattern, std::string_view subject = "") {
  try {
    (void)Regex(pattern, {}).find_all(subject);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    return error.what();
  }
  return "none";
}

// The expectations are those of Python 3.11.
TEST(Regex, FindsAsPythonDoes) {
  EXPECT_THAT(found("a+", "caaandaa"), ElementsAre("aaa", "aa"));
  EXPECT_THAT(found("a*", "baac"), ElementsAre("", "aa", "", ""));
  EXPECT_THAT(found("x*?", "xx"), ElementsAre("", "x", "", "x", ""));
  EXPECT_THAT(found("(?i)É", "éÉ"), ElementsAre("é", "É"));
  EXPECT_THAT(found("\\w+", "naïve 狐狸"), ElementsAre("naïve", "狐狸"));
  EXPECT_THAT(found("", "ü"), ElementsAre("", ""));
  EXPECT_THAT(found(".", "\r\n\xE2\x80\xA8"), ElementsAre("\r", "\xE2\x80\xA8"));
}

TEST(Regex, HasTheOptionsOfTheNodes) {
  EXPECT_THAT(found("^b$", "a\nb\nc"), IsEmpty());
  EXPECT_THAT(found("^b$", "a\nb\nc", {.multiline = true}), ElementsAre("b"));
  EXPECT_THAT(found("a.b", "a\nb"), IsEmpty());
  EXPECT_THAT(found("a.b", "a\nb", {.dotall = true}), ElementsAre("a\nb"));
  EXPECT_THAT(found("AB", "ab", {.ignore_case = true}), ElementsAre("ab"));
}

TEST(Regex, SpeaksPythonsDialect) {
  EXPECT_THAT(found("b\\Z", "b\n"), IsEmpty());
  EXPECT_THAT(found("b$", "b\n"), ElementsAre("b"));
  EXPECT_THAT(found("\\u00e9\\U0001F98A", "é🦊"), ElementsAre("é🦊"));
  EXPECT_THAT(found("\\v", "\n\v"), ElementsAre("\v"));
  EXPECT_THAT(found("a{,2}b", "aaab"), ElementsAre("aab"));
  EXPECT_THAT(found("[[:alpha:]]", "a]:]"), ElementsAre("a]", ":]"));
  EXPECT_THAT(found("[]x]+", "a]x"), ElementsAre("]x"));
  EXPECT_THAT(found("[^]x]", "]xa"), ElementsAre("a"));
  EXPECT_THAT(found("(?P<q>['\"]).*?(?P=q)", "'a\" \"b'"), ElementsAre("'a\" \"b'"));
  EXPECT_THAT(found("(a)?(?(1)b|c)", "ab c"), ElementsAre("ab", "c"));
  EXPECT_THAT(found("a(?#(*)b", "ab"), ElementsAre("ab"));
}

TEST(Regex, RefusesWhatPythonRefuses) {
  for (const char* pattern :
       {"\\h",          "\\R",     "\\K",  "\\Qa\\E", "\\p{L}", "\\C",  "\\x1",
        "\\u12",        "(*UTF)",  "(?R)", "(?1)",    "(?&n)",  "(?C)", "(?|a)",
        "(?(DEFINE)a)", "(?(R)a)", "(",    "[a",      "a**",    "\\",   "(?P<a>x)(?P<a>y)"}) {
    EXPECT_NE(refusal(pattern), "none") << pattern;
  }
  EXPECT_THAT(refusal("(a"), HasSubstr("no regular expression"));
}

TEST(Regex, EndsEveryPattern) {
  const std::string subject(40, 'a');
  EXPECT_THAT(refusal("(a+)+$", subject + "b"), HasSubstr("match limit"));
  EXPECT_EQ(refusal(std::string(50'000, '(')).substr(0, 4), "the ");
  const std::string deep = std::string(200, '(') + "a" + std::string(200, ')');
  EXPECT_EQ(refusal(deep, subject), "none");
}

TEST(Regex, GroupsMayTakeNoPart) {
  const auto match = Regex("(a)|(b)(c)?", {}).search("b");
  ASSERT_TRUE(match);
  ASSERT_EQ(match->groups.size(), 4U);
  EXPECT_FALSE(match->groups[1] || match->groups[3]);
  EXPECT_EQ(match->groups[2], "b");
}

TEST(Regex, Replaces) {
  const auto replaced = [](const char* pattern, const char* by, const char* text,
                           std::size_t most = 0) {
    return Regex(pattern, {}).replace(text, by, most);
  };
  EXPECT_EQ(replaced("(\\w+) (\\w+)", "\\2 \\g<1>!", "red fox"), "fox red!");
  EXPECT_EQ(replaced("(?P<x>a)", "<\\g<x>\\g<0>>", "aa"), "<aa><aa>");
  EXPECT_EQ(replaced("a", "\\n\\t\\\\\\101\\.", "a"), "\n\t\\A\\.");
  EXPECT_EQ(replaced("x*", "-", "abxd"), "-a-b--d-");
  EXPECT_EQ(replaced("a", "b", "aaa", 2), "bba");
  EXPECT_EQ(replaced("(a)|b", "[\\1]", "ab"), "[a][]");
  EXPECT_EQ(replaced("ü", "u", "über für"), "uber fur");
  for (const char* by : {"\\2", "\\g<y>", "\\g<", "\\q", "\\"}) {
    EXPECT_THROW((void)replaced("(a)", by, "a"), Error) << by;
  }
}

TEST(Regex, ReplacementsEndAtTheLimit) {
  const std::string text(100'000, 'a');
  EXPECT_THROW((void)Regex("a", {}).replace(text, std::string(1000, 'b')), Error);
}

}  // namespace
}  // namespace sagitta::text
