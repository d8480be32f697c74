#include "golden_runner/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace golden {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double difference(float got, float expected) {
  if (std::isnan(got) && std::isnan(expected)) return 0;
  if (got == expected) return 0;  // equal infinities too
  const double distance = std::fabs(static_cast<double>(got) - static_cast<double>(expected));
  return std::isnan(distance) ? kInfinity : distance;
}

double share(double error, double limit) {
  if (error == 0) return 0;
  return limit > 0 ? error / limit : kInfinity;
}

}  // namespace

void Report::check(std::string name, const sagitta::Array& got, const sagitta::Array& expected,
                   const Tolerance& tolerance) {
  if (got.shape() != expected.shape()) {
    fail(std::move(name), fmt::format("shape {}, expected {}", sagitta::to_string(got.shape()),
                                      sagitta::to_string(expected.shape())));
    return;
  }
  double worst = 0;
  std::size_t place = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = difference(got[i], expected[i]);
    if (error > worst) {
      worst = error;
      place = i;
    }
  }
  const double limit = tolerance.limit(expected);
  std::string detail =
      fmt::format("error {:.3g}, allowed {:.3g} ({})", worst, limit, to_string(tolerance));
  if (worst > limit) {
    detail +=
        fmt::format("; at element {}: {:.9g}, expected {:.9g}", place, got[place], expected[place]);
  }
  checks_.push_back({.name = std::move(name),
                     .verdict = worst <= limit ? Verdict::passed : Verdict::failed,
                     .detail = std::move(detail),
                     .load = share(worst, limit)});
}

void Report::check_that(std::string name, bool ok, std::string detail) {
  if (!ok) return fail(std::move(name), std::move(detail));
  checks_.push_back(
      {.name = std::move(name), .verdict = Verdict::passed, .detail = "equal", .load = 0});
}

void Report::fail(std::string name, std::string reason) {
  checks_.push_back({.name = std::move(name),
                     .verdict = Verdict::failed,
                     .detail = std::move(reason),
                     .load = kInfinity});
}

void Report::skip(std::string name, std::string reason) {
  checks_.push_back({.name = std::move(name),
                     .verdict = Verdict::skipped,
                     .detail = std::move(reason),
                     .load = 0});
}

void Report::attempt(const std::string& name, const std::function<void()>& part) {
  try {
    part();
  } catch (const std::exception& error) {
    fail(name, error.what());
  }
}

Verdict Report::verdict() const {
  bool any_passed = false;
  for (const Check& check : checks_) {
    if (check.verdict == Verdict::failed) return Verdict::failed;
    any_passed |= check.verdict == Verdict::passed;
  }
  return any_passed ? Verdict::passed : Verdict::skipped;
}

std::string Report::summary() const {
  std::size_t failed = 0;
  std::size_t skipped = 0;
  const Check* worst = nullptr;
  for (const Check& check : checks_) {
    failed += check.verdict == Verdict::failed ? 1 : 0;
    skipped += check.verdict == Verdict::skipped ? 1 : 0;
    if (check.verdict == Verdict::passed && (worst == nullptr || check.load > worst->load)) {
      worst = &check;
    }
  }
  std::string text = fmt::format("{} checks", checks_.size() - skipped);
  if (failed > 0) text += fmt::format(", {} failed", failed);
  if (skipped > 0) text += fmt::format(", {} parts skipped", skipped);
  if (failed == 0 && worst != nullptr && worst->load > 0) {
    text += fmt::format(", worst {:.2g} of the tolerance ({})", worst->load, worst->name);
  }
  return text;
}

}  // namespace golden
