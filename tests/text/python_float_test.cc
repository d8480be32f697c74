#include "sagitta/text/python_float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace sagitta::text {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(PythonFloat, ReadsDecimalNumbers) {
  EXPECT_EQ(python_float("1.3"), 1.3);
  EXPECT_EQ(python_float("+.5"), 0.5);
  EXPECT_EQ(python_float("-2."), -2.0);
  EXPECT_EQ(python_float("1e-1"), 0.1);
  EXPECT_EQ(python_float("1.E+2"), 100.0);
  EXPECT_EQ(python_float("0.1000000000000000055511151231257827"), 0.1);
  EXPECT_TRUE(std::signbit(python_float("-0").value()));
}

TEST(PythonFloat, IgnoresWhiteSpaceAroundTheNumber) {
  EXPECT_EQ(python_float(" \t\n1.2\r\v\f"), 1.2);
  EXPECT_EQ(python_float("\u00a01\u3000"), 1.0);
  EXPECT_EQ(python_float("1 2"), std::nullopt);
  EXPECT_EQ(python_float("\x1c"
                         "1"),
            std::nullopt);  // white space of str.split(), but not of float()
}

TEST(PythonFloat, ReadsDigitsOfOtherScripts) {
  EXPECT_EQ(python_float("\uff11.\uff15"), 1.5);
  EXPECT_EQ(python_float("\u0663"), 3.0);
  EXPECT_EQ(python_float("\u0661e\u0661"), 10.0);
  EXPECT_EQ(python_float("\u00b2"), std::nullopt);
  EXPECT_EQ(python_float("\uff0b1"), std::nullopt);  // full width plus
}

TEST(PythonFloat, AllowsUnderscoresBetweenDigitsOnly) {
  EXPECT_EQ(python_float("1_0"), 10.0);
  EXPECT_EQ(python_float("1e1_0"), 1e10);
  for (const char* text : {"_1", "1_", "1__0", "1_.0", "1._0", "1_e1", "1e_1", "in_f", "_"})
    EXPECT_EQ(python_float(text), std::nullopt) << text;
}

TEST(PythonFloat, ReadsInfinityAndNan) {
  EXPECT_EQ(python_float("inf"), kInfinity);
  EXPECT_EQ(python_float("-InFiNiTy"), -kInfinity);
  EXPECT_TRUE(std::isnan(python_float("+NaN").value()));
  EXPECT_EQ(python_float("nan(1)"), std::nullopt);
  EXPECT_EQ(python_float("infinit"), std::nullopt);
}

TEST(PythonFloat, OverflowsToInfinityAndUnderflowsToZero) {
  EXPECT_EQ(python_float("1e999"), kInfinity);
  EXPECT_EQ(python_float("-1e99999999999999999999"), -kInfinity);
  EXPECT_EQ(python_float("1e-999"), 0.0);
  EXPECT_EQ(python_float("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(python_float(std::string(400, '9')), kInfinity);
  EXPECT_EQ(python_float("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(python_float("0." + std::string(400, '0') + "1e800"), kInfinity);
  EXPECT_EQ(python_float("0e99999999999999999999"), 0.0);
  EXPECT_EQ(python_float("5e-324"), 5e-324);
}

TEST(PythonFloat, RejectsWhatPythonRejects) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, " "sv, "."sv, "+"sv, "-"sv, "e1"sv, ".e1"sv, "1e"sv, "1e+"sv, "0x10"sv, "1,2"sv,
        "--1"sv, "1f"sv, "1.2.3"sv, "1\0"sv, "\xff"sv, "abc"sv, "\u0130nf"sv})
    EXPECT_EQ(python_float(text), std::nullopt) << text;
}

}  // namespace
}  // namespace sagitta::text
