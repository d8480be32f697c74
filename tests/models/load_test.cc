#include "sagitta/models/load.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/nn/layers.h"

#include <gmock/gmock.h>

namespace sagitta::models {
namespace {

TEST(Load, TakesA1x1ConvolutionForALinearLayer) {
  const auto device = open_device("reference");
  Linear layer(3, 2);
  const StateDict tensors{{"bias", to_stored(Array({2}, {10, 20}))},
                          {"weight", to_stored(Array({2, 3, 1, 1}, {1, 0, 0, 0, 1, 1}))}};
  EXPECT_TRUE(load_module(layer, device.get(), tensors, "layer").complete());
  const Array y = download(layer(upload(*device, Array({1, 3}, {1, 2, 3}))));
  EXPECT_FLOAT_EQ(y[0], 11);  // 1 + 10
  EXPECT_FLOAT_EQ(y[1], 25);  // 2 + 3 + 20
}

TEST(Load, ReportsEverythingThatDoesNotFit) {
  Linear layer(3, 2);
  const StateDict tensors{{"weight", to_stored(Array({2, 4}))}};
  const LoadReport report = load_module(layer, nullptr, tensors, "layer");
  EXPECT_EQ(report.missing, std::vector<std::string>{"bias"});
  ASSERT_EQ(report.wrong_shape.size(), 1U);
  EXPECT_EQ(report.wrong_shape[0].found, (Shape{2, 4}));
  try {
    require_complete(report, "some.safetensors");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_file);
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("some.safetensors"),
                                             testing::HasSubstr("missing: bias"),
                                             testing::HasSubstr("2x4")));
  }
}

TEST(Load, PrefixesSelectAndShorten) {
  const StateDict tensors{{"a.x", {}}, {"b.y", {}}, {"b.z", {}}, {"bb", {}}};
  const StateDict part = with_prefix(tensors, "b.");
  EXPECT_EQ(part.size(), 2U);
  EXPECT_TRUE(part.contains("y"));
}

}  // namespace
}  // namespace sagitta::models
