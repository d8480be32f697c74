#include "backend/twin.h"
#include "sagitta/base/error.h"

#include <cmath>
#include <limits>

namespace sagitta {
namespace {

// Every device, `reference` too: the expectation comes from core's conversions.
class Transfer : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Device> device_ = open_device(GetParam());

  // Ordinary values, ties between two neighbours, and the edges of each format.
  static Array values() {
    std::vector<float> values{0.0F,      -0.0F,  1.0F,       -1.5F,     1.00390625F, 1.01171875F,
                              65504.0F,  1e-7F,  6.0e-8F,    3.0e38F,   3.4e38F,     65520.0F,
                              -1.0e-40F, 0.333F, 123456.78F, 2.0009766F};
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 10);
    while (values.size() < 40003) values.push_back(normal(random));
    const auto size = static_cast<std::int64_t>(values.size());
    return {{size}, std::move(values)};
  }
};

TEST_P(Transfer, F32ComesBackUnchanged) {
  const Array host = values();
  const Array back = download(upload(*device_, host, DType::f32));
  for (std::size_t i = 0; i < host.size(); ++i) ASSERT_EQ(back[i], host[i]) << i;
}

TEST_P(Transfer, Bf16RoundsToNearestEven) {
  const Array host = values();
  const Array back = download(upload(*device_, host, DType::bf16));
  for (std::size_t i = 0; i < host.size(); ++i) {
    ASSERT_EQ(back[i], bf16_to_f32(f32_to_bf16(host[i]))) << host[i];
  }
}

TEST_P(Transfer, F16RoundsToNearestEven) {
  const Array host = values();
  const Array back = download(upload(*device_, host, DType::f16));
  for (std::size_t i = 0; i < host.size(); ++i) {
    ASSERT_EQ(back[i], f16_to_f32(f32_to_f16(host[i]))) << host[i];
  }
}

// A device may take subnormal numbers for zero.
TEST_P(Transfer, F64HoldsEveryNormalFloat) {
  const Array host = values();
  const Array back = download(upload(*device_, host, DType::f64));
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (!std::isnormal(host[i])) continue;
    ASSERT_EQ(back[i], host[i]) << i;
  }
}

TEST_P(Transfer, SpecialValuesSurvive) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Array host(
      {20},
      std::vector<float>{
          std::nanf(""), kInfinity, -kInfinity, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
          -kInfinity});
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    SCOPED_TRACE(name_of(dtype));
    const Array back = download(upload(*device_, host, dtype));
    EXPECT_TRUE(std::isnan(back[0]));
    EXPECT_EQ(back[1], kInfinity);
    EXPECT_EQ(back[2], -kInfinity);
    EXPECT_EQ(back[19], -kInfinity);
  }
}

TEST_P(Transfer, IntegersCannotBeUploaded) {
  EXPECT_THROW((void)upload(*device_, Array({2}), DType::i32), Error);
}

INSTANTIATE_TEST_SUITE_P(Devices, Transfer, testing::ValuesIn(device_names()));

}  // namespace
}  // namespace sagitta
