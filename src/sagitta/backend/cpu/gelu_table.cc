#include "sagitta/backend/cpu/gelu_table.h"

#include <cmath>
#include <numbers>

namespace sagitta::cpu {
namespace {

// -g(t).
double minus_bump(double t) { return -0.5 * t * std::erfc(t / std::numbers::sqrt2); }

GeluTable make_table() {
  GeluTable table{};
  constexpr double kStep = GeluTable::kStep;
  constexpr int kLast = GeluTable::kSteps - 1;
  // Nodes of a quadratic of nearly the least error, as shares of a step.
  const double outer = 0.25 * std::numbers::sqrt3;
  for (int i = 0; i <= kLast; ++i) {
    double t[3] = {(i - outer) * kStep, i * kStep, (i + outer) * kStep};
    double y[3] = {minus_bump(t[0]), minus_bump(t[1]), minus_bump(t[2])};
    if (i == 0) {  // through 0, so that the relative error stays small there
      t[0] = 0;
      t[1] = 0.25 * kStep;
      for (int k = 0; k < 3; ++k) y[k] = minus_bump(t[k]);
    }
    if (i == kLast) {  // and nothing beyond the end
      t[2] = GeluTable::kEnd;
      y[2] = 0;
    }
    const double slope = (y[1] - y[0]) / (t[1] - t[0]);
    const double curve = ((y[2] - y[1]) / (t[2] - t[1]) - slope) / (t[2] - t[0]);
    table.c[0][i] = static_cast<float>(y[0] - t[0] * slope + t[0] * t[1] * curve);
    table.c[1][i] = static_cast<float>(slope - (t[0] + t[1]) * curve);
    table.c[2][i] = static_cast<float>(curve);
  }
  return table;
}

}  // namespace

const GeluTable& gelu_table() {
  static const GeluTable table = make_table();
  return table;
}

}  // namespace sagitta::cpu
