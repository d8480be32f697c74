#include "sagitta/core/profile.h"

namespace sagitta {
namespace {

constexpr std::array<std::string_view, kOpKinds> kNames{
    "conv3x3", "conv1x1", "linear", "attention", "norm", "layout", "elementwise", "transfer"};

}  // namespace

std::string_view name_of(OpKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

void Profile::add(OpKind kind, double flops, double seconds) {
  OpTotals& totals = totals_[static_cast<std::size_t>(kind)];
  ++totals.calls;
  totals.flops += flops;
  totals.seconds += seconds;
}

OpTotals Profile::sum() const {
  OpTotals sum;
  for (const OpTotals& totals : totals_) {
    sum.calls += totals.calls;
    sum.flops += totals.flops;
    sum.seconds += totals.seconds;
  }
  return sum;
}

}  // namespace sagitta
