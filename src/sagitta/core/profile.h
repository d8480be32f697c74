// Profile: how much work the ops of a device did and how long it took, by kind. Off unless somebody
// asks; then an op costs one comparison more. core/profiled_op.h times an op.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sagitta {

enum class OpKind { conv3x3, conv1x1, linear, attention, norm, layout, elementwise, transfer };
inline constexpr std::size_t kOpKinds = 8;
[[nodiscard]] std::string_view name_of(OpKind kind);

struct OpTotals {
  std::size_t calls = 0;
  double flops = 0;  // 2 per multiply-add; 0 for ops that only move or normalise values
  double seconds = 0;
};

// Not thread-safe: ops of one device are issued from one thread at a time.
class Profile {
 public:
  void start() { *this = Profile(true); }
  void stop() { on_ = false; }
  [[nodiscard]] bool on() const { return on_; }
  void add(OpKind kind, double flops, double seconds);
  [[nodiscard]] const OpTotals& of(OpKind kind) const {
    return totals_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] OpTotals sum() const;

  Profile() = default;

 private:
  explicit Profile(bool on) : on_(on) {}

  bool on_ = false;
  std::array<OpTotals, kOpKinds> totals_{};
};

}  // namespace sagitta
