// Cases and formats of texts; the expectations are those of Python 3.11.
#include "sagitta/base/error.h"
#include "sagitta/text/python_case.h"
#include "sagitta/text/python_format.h"
#include "sagitta/text/unicode.h"

#include <gtest/gtest.h>

#include <map>

namespace sagitta::text {
namespace {

std::string changed(std::u32string (*change)(std::u32string_view), std::string_view text) {
  return encode_utf8(change(decode_utf8(text)));
}

TEST(PythonCase, Upper) {
  EXPECT_EQ(changed(upper, "straße ﬁn ŉ"), "STRASSE FIN ʼN");
  EXPECT_EQ(changed(upper, "abc1é"), "ABC1É");
}

TEST(PythonCase, Capitalized) {
  EXPECT_EQ(changed(capitalized, "éCOLE ΑΣ"), "École ας");
  EXPECT_EQ(changed(capitalized, "ßA"), "Ssa");
  EXPECT_EQ(changed(capitalized, "İX"), "İx");
  EXPECT_EQ(changed(capitalized, ""), "");
}

TEST(PythonCase, Title) {
  EXPECT_EQ(changed(title_case, "they're bill's FRIENDS"), "They'Re Bill'S Friends");
  EXPECT_EQ(changed(title_case, "ǆ ﬂat ΑΣ xİy"), "ǅ Flat Ας Xi̇y");
  EXPECT_EQ(changed(title_case, "a1b ªb"), "A1B ªb");
}

TEST(PythonStr, PrintsPlainValues) {
  EXPECT_EQ(python_str(true), "True");
  EXPECT_EQ(python_str(std::int64_t{-3}), "-3");
  EXPECT_EQ(python_str(1.0), "1.0");
  EXPECT_EQ(python_str(0.1), "0.1");
  EXPECT_EQ(python_str(1e-5), "1e-05");
  EXPECT_EQ(python_str(1e16), "1e+16");
  EXPECT_EQ(python_str(123456789012345.0), "123456789012345.0");
}

std::string formatted(std::string_view format) {
  static const std::map<std::string, PlainValue, std::less<>> kValues = {
      {"a", std::string("狐x")},
      {"b", std::int64_t{-1234567}},
      {"c", 3.14159},
      {"d", true},
      {"e", std::uint64_t{18446744073709551615U}}};
  return python_format(format, [](std::string_view name) {
    const auto it = kValues.find(name);
    return it == kValues.end() ? nullptr : &it->second;
  });
}

TEST(PythonFormat, FillsInValues) {
  EXPECT_EQ(formatted("{a} {b} {c} {d} {e}"), "狐x -1234567 3.14159 True 18446744073709551615");
  EXPECT_EQ(formatted("{{a}} }}{{"), "{a} }{");
  EXPECT_EQ(formatted("{a:}|{a:5}|{a:>5}|{a:*^6}|{a:.1}"), "狐x|狐x   |   狐x|**狐x**|狐");
  EXPECT_EQ(formatted("{b:,}|{b:_}|{b:012}|{b:+}|{b:>10d}"),
            "-1,234,567|-1_234_567|-00001234567|-1234567|  -1234567");
  EXPECT_EQ(formatted("{b:013,}|{e:x}|{e:#o}|{d:05d}|{d:x}"),
            "-0,001,234,567|ffffffffffffffff|0o1777777777777777777777|00001|1");
  EXPECT_EQ(formatted("{c:.2f}|{c:08.3f}|{c:+.1e}|{c:.3g}|{c:.1%}|{b:.1f}|{c:.3}|{c:10}|{c:<8}|"),
            "3.14|0003.142|+3.1e+00|3.14|314.2%|-1234567.0|3.14|   3.14159|3.14159 |");
  EXPECT_EQ(formatted("{b:,.2f}"), "-1,234,567.00");
}

TEST(PythonFormat, RefusesWhatItDoesNotUnderstand) {
  for (const char* format : {"{", "}", "{a", "{x}", "{}", "{a.b}", "{a[0]}", "{a!r}", "{a:{b}}",
                             "{a:d}", "{a:=5}", "{c:d}", "{b:s}", "{b:.2}", "{c:.}", "{a:9999}",
                             "{a:q}", "{b:,x}", "{b:99999999999999999999}"}) {
    EXPECT_THROW((void)formatted(format), Error) << format;
  }
}

}  // namespace
}  // namespace sagitta::text
