#include "backend/twin.h"

#include "sagitta/base/error.h"
#include "sagitta/core/stored.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sagitta {

void PrintTo(const Target& target, std::ostream* out) {
  *out << target.device << " in " << name_of(target.compute)
       << (target.int8_products ? " with products in int8" : "");
}

std::vector<Target> twin_targets() {
  std::vector<Target> targets;
  for (const std::string& name : device_names()) {
    if (name == "reference") continue;
    for (const DType compute : {DType::f32, DType::bf16}) {
      for (const bool int8 : {false, true}) {
        targets.push_back({name, compute, int8});
      }
    }
  }
  return targets;
}

// In int8 a normally distributed weight loses about 1.4 % of its deviation where it has 64 steps,
// 0.7 % where it has 127, and an activation 0.8 %; the largest of a few thousand errors is five
// times that, the largest result four deviations.
double tolerance(const Target& target) {
  if (target.int8_products) return 4e-2;
  return target.compute == DType::bf16 ? 1e-2 : 1e-5;
}

std::string target_name(const testing::TestParamInfo<Target>& info) {
  std::string name = info.param.device + "_" + std::string(name_of(info.param.compute));
  if (info.param.int8_products) name += "_int8";
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
}

Array Side::draw(Shape shape, float mean, float deviation, bool rounded) {
  Array array(std::move(shape));
  std::normal_distribution<float> normal(mean, deviation);
  for (float& value : array.values()) {
    value = normal(random_);
    if (rounded && rounding_ == DType::bf16) value = bf16_to_f32(f32_to_bf16(value));
  }
  return array;
}

Tensor Side::tensor(Shape shape, float mean, float deviation) {
  return upload(*device_, draw(std::move(shape), mean, deviation, true));
}

Weight Side::weight(WeightUse use, Shape shape, float mean, float deviation) {
  const bool rounded = use != WeightUse::vector;
  return load_weight(*device_, use, to_stored(draw(std::move(shape), mean, deviation, rounded)));
}

double relative_error(const Array& got, const Array& want) {
  double largest = std::numeric_limits<double>::min();
  double error = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(want[i])));
    const double difference = std::abs(static_cast<double>(got[i]) - want[i]);
    if (!std::isfinite(difference)) return std::numeric_limits<double>::infinity();
    error = std::max(error, difference);
  }
  return error / largest;
}

void TwinTest::SetUp() {
  try {
    device_ = open_device(GetParam().device, GetParam().options());
  } catch (const Error& error) {
    if (error.fault() != Fault::unsupported) throw;
    GTEST_SKIP() << error.what();
  }
}

void TwinTest::expect_twins(const std::function<Tensor(Side&)>& op, double slack) {
  Side side(*device_, GetParam().compute);
  Side oracle(*reference_, GetParam().compute);
  const Array got = download(op(side));
  const Array want = download(op(oracle));
  ASSERT_EQ(to_string(got.shape()), to_string(want.shape()));
  EXPECT_LE(relative_error(got, want), slack * tolerance(GetParam()));
}

}  // namespace sagitta
