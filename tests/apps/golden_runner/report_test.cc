#include "golden_runner/report.h"

#include "sagitta/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace golden {
namespace {

using sagitta::Array;
using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Verdict verdict(const Array& got, const Array& expected, Tolerance tolerance = {}) {
  Report report;
  report.check("x", got, expected, tolerance);
  return report.verdict();
}

TEST(Report, DifferencesWithinTheLimitPass) {
  const Tolerance tolerance{Tolerance::Kind::absolute, 0.5};
  EXPECT_EQ(verdict(Array({2}, {1, 2.5F}), Array({2}, {1, 2}), tolerance), Verdict::passed);
  EXPECT_EQ(verdict(Array({2}, {1, 2.6F}), Array({2}, {1, 2}), tolerance), Verdict::failed);
}

TEST(Report, NotANumberAndInfinityMustStandInTheSamePlaces) {
  const Tolerance wide{Tolerance::Kind::absolute, 1e30};
  EXPECT_EQ(verdict(Array({2}, {kNan, kInfinity}), Array({2}, {kNan, kInfinity})), Verdict::passed);
  EXPECT_EQ(verdict(Array({1}, kNan), Array({1}, 0.0F), wide), Verdict::failed);
  EXPECT_EQ(verdict(Array({1}, 0.0F), Array({1}, kNan), wide), Verdict::failed);
  EXPECT_EQ(verdict(Array({1}, kInfinity), Array({1}, -kInfinity), wide), Verdict::failed);
  EXPECT_EQ(verdict(Array({1}, 1.0F), Array({1}, kInfinity), wide), Verdict::failed);
}

TEST(Report, ShapesMustAgree) { EXPECT_EQ(verdict(Array({4}), Array({2, 2})), Verdict::failed); }

TEST(Report, FailuresSayWhereAndHowMuch) {
  Report report;
  report.check("x", Array({2}, {1, 2}), Array({2}, {1, 3}), {});
  EXPECT_THAT(report.checks()[0].detail, HasSubstr("at element 1: 2, expected 3"));
}

TEST(Report, AnExceptionFailsOnlyItsPart) {
  Report report;
  report.attempt("bad", [] { throw sagitta::Error(sagitta::Fault::bad_file, "no tensor"); });
  report.attempt("good", [&] { report.check_that("good", true); });
  ASSERT_EQ(report.checks().size(), 2U);
  EXPECT_EQ(report.checks()[0].detail, "no tensor");
  EXPECT_EQ(report.checks()[1].verdict, Verdict::passed);
  EXPECT_EQ(report.verdict(), Verdict::failed);
}

TEST(Report, NothingButSkippedPartsIsSkipped) {
  Report report;
  report.skip("x", "not built");
  EXPECT_EQ(report.verdict(), Verdict::skipped);
  report.check_that("y", true);
  EXPECT_EQ(report.verdict(), Verdict::passed);
  EXPECT_THAT(report.summary(), HasSubstr("1 parts skipped"));
}

}  // namespace
}  // namespace golden
