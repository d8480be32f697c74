// ProfiledOp: times one op of a device for its profile.
#pragma once

#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/profile.h"

#include <chrono>

namespace sagitta {

// Times its own life for a device whose profile is on. Kernels may return before their work is
// done, so both ends wait for the device: an op is charged its own work and no other. Such waiting
// makes a run longer than it is without a profile.
class ProfiledOp {
 public:
  ProfiledOp(Device& device, OpKind kind, double flops = 0)
      : device_(device), kind_(kind), flops_(flops) {
    if (!device_.profile().on()) return;
    device_.kernels().finish(device_);
    start_ = std::chrono::steady_clock::now();
  }
  ~ProfiledOp() {
    if (!device_.profile().on()) return;
    device_.kernels().finish(device_);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    device_.profile().add(kind_, flops_, took.count());
  }
  ProfiledOp(const ProfiledOp&) = delete;
  ProfiledOp& operator=(const ProfiledOp&) = delete;

 private:
  Device& device_;
  OpKind kind_;
  double flops_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace sagitta
