// Twin tests: an op runs on a device and on `reference`, from the same values, and the results must
// agree within one table of tolerances.
#pragma once

#include "sagitta/backend/open.h"
#include "sagitta/core/array.h"
#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace sagitta {

// A device in one of its compute types, perhaps with products in int8.
struct Target {
  std::string device;
  DType compute = DType::f32;
  bool int8_products = false;

  [[nodiscard]] DeviceOptions options() const {
    return {.compute = compute, .int8_products = int8_products};
  }
};
void PrintTo(const Target& target, std::ostream* out);

// Every device but `reference`, in every compute type.
[[nodiscard]] std::vector<Target> twin_targets();

// The largest error allowed, as a share of the largest value of the reference's result.
[[nodiscard]] double tolerance(const Target& target);

// "cpu_bf16", "cpu_bf16_int8".
[[nodiscard]] std::string target_name(const testing::TestParamInfo<Target>& info);

// One side of a twin: draws the same values in the same order whatever its device, rounded to the
// compute type under test, so that only the op can make the results differ.
class Side {
 public:
  Side(Device& device, DType rounding) : device_(&device), rounding_(rounding) {}

  // Normally distributed values.
  [[nodiscard]] Tensor tensor(Shape shape, float mean = 0, float deviation = 1);
  [[nodiscard]] Weight weight(WeightUse use, Shape shape, float mean = 0, float deviation = 1);

 private:
  Array draw(Shape shape, float mean, float deviation, bool rounded);

  Device* device_;
  DType rounding_;
  std::mt19937 random_{20240607};
};

class TwinTest : public testing::TestWithParam<Target> {
 protected:
  // Skips the test where this processor cannot compute in the type.
  void SetUp() override;
  // Runs op on both sides and compares shapes and values. slack multiplies the tolerance.
  void expect_twins(const std::function<Tensor(Side&)>& op, double slack = 1);

  [[nodiscard]] Device& device() { return *device_; }

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<Device> reference_ = open_device("reference");
};

// The largest difference as a share of the largest wanted value; NaN and infinity count as such.
[[nodiscard]] double relative_error(const Array& got, const Array& want);

}  // namespace sagitta
