#include "golden_runner/tolerance.h"

#include "sagitta/base/error.h"

#include <gtest/gtest.h>

#include <limits>

namespace golden {
namespace {

std::string understood(const char* text, std::string_view subject = "") {
  return to_string(Tolerances(text).of(subject));
}

TEST(Tolerances, ReadsPlainForms) {
  EXPECT_EQ(understood("rel 3e-4 of max|.|"), "rel 0.0003");
  EXPECT_EQ(understood("abs 1e-5"), "abs 1e-05");
  EXPECT_EQ(understood("max abs <= 1e-5 * (1 + max|expected|)"), "1e-05 * (1 + max)");
  EXPECT_EQ(understood("abs 2e-4 on unet_out, relative to max|.|"), "rel 0.0002");
  EXPECT_EQ(understood("abs 2e-4 relative to max|.|"), "rel 0.0002");
  EXPECT_EQ(understood("equal (f64 and i64: rounded to float32)"), "equal");
}

TEST(Tolerances, RemarksInParenthesesDoNotCount) {
  EXPECT_EQ(understood("abs 1e-6 (upstream itself differs by 3, rel 7)"), "abs 1e-06");
  EXPECT_EQ(understood("rel 2e-3 of max|.| (check runs[...].min_margin: below 1e-4)"), "rel 0.002");
}

TEST(Tolerances, SubjectsHaveClausesOfTheirOwn) {
  const char* step = "rel 3e-4 of max|.|; mask exactly equal";
  EXPECT_EQ(understood(step, "mask"), "equal");
  EXPECT_EQ(understood(step, "denoised"), "rel 0.0003");
  const char* runs = "contexts rel 1e-5, runs rel 2e-3 of max|.|";
  EXPECT_EQ(understood(runs, "contexts"), "rel 1e-05");
  EXPECT_EQ(understood(runs, "runs"), "rel 0.002");
  const char* inherited = "rel 2e-3 of max|.| for runs, 2e-4 for denoised, 1e-5 for tables";
  EXPECT_EQ(understood(inherited, "runs"), "rel 0.002");
  EXPECT_EQ(understood(inherited, "denoised"), "rel 0.0002");
  EXPECT_EQ(understood(inherited, "tables"), "rel 1e-05");
  const char* lora =
      "abs 2e-4 on unet_out and 1e-4 on hidden, relative to max|.|; patched weights abs 2e-6";
  EXPECT_EQ(understood(lora, "unet_out"), "rel 0.0002");
  EXPECT_EQ(understood(lora, "hidden"), "rel 0.0001");
  EXPECT_EQ(understood(lora, "weights"), "abs 2e-06");
  EXPECT_EQ(understood("abs 2e-5; quantize equal", "quantize"), "equal");
}

TEST(Tolerances, RefuseTextWithoutAnyClause) {
  EXPECT_THROW(Tolerances(""), sagitta::Error);
  EXPECT_THROW(Tolerances("close enough"), sagitta::Error);
}

TEST(Tolerance, LimitsFollowTheLargestFiniteValue) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const sagitta::Array expected({3}, {1, -4, kInfinity});
  EXPECT_DOUBLE_EQ((Tolerance{Tolerance::Kind::relative, 0.1}).limit(expected), 0.4);
  EXPECT_DOUBLE_EQ((Tolerance{Tolerance::Kind::mixed, 0.1}).limit(expected), 0.5);
  EXPECT_DOUBLE_EQ((Tolerance{Tolerance::Kind::absolute, 0.1}).limit(expected), 0.1);
  EXPECT_DOUBLE_EQ((Tolerance{Tolerance::Kind::equal, 0}).limit(expected), 0);
}

}  // namespace
}  // namespace golden
