#include "sagitta/models/network.h"

#include "sagitta/backend/open.h"
#include "sagitta/models/load.h"
#include "sagitta/nn/layers.h"

#include <gmock/gmock.h>

namespace sagitta::models {
namespace {

// y = W2 (W1 x), with weights that can be edited.
struct TwoLayers {
  struct Spec {};
  Linear first{2, 2, false};
  Linear second{2, 1, false};

  [[nodiscard]] Spec spec() const { return {}; }
  void params(ParamVisitor& visit) {
    visit("first", first);
    visit("second", second);
  }
  float operator()(Device& device, float a, float b) const {
    return download(second(first(upload(device, Array({1, 2}, {a, b})))))[0];
  }
};

class NetworkTest : public testing::Test {
 protected:
  // W1 = {{1, 2}, {3, 4}}, W2 = {{1, 10}}.
  Network<TwoLayers> load() {
    const StateDict tensors{{"first.weight", to_stored(Array({2, 2}, {1, 2, 3, 4}))},
                            {"second.weight", to_stored(Array({1, 2}, {1, 10}))}};
    auto layers = std::make_shared<TwoLayers>();
    load_module(*layers, device_.get(), tensors, "layers");
    return {layers, *device_, Weights(tensors)};
  }
  float run(const Network<TwoLayers>& network) { return (*network)(*device_, 1, 1); }

  std::unique_ptr<Device> device_ = open_device("reference");
};

WeightEdit times(float factor) {
  return [factor](Array& weight) { weight *= factor; };
}
WeightEdit plus(float term) {
  return [term](Array& weight) { weight += term; };
}

TEST_F(NetworkTest, EditsActInTheirOrderOnTheStoredValues) {
  const auto base = load();
  EXPECT_EQ(run(base), 73);  // 1 + 2 + 10 (3 + 4)
  const auto edited = base.with({{"second.weight", times(2)}}).with({{"second.weight", plus(1)}});
  EXPECT_EQ(run(edited), 156);  // W2 = {3, 21}: 3 * 3 + 21 * 7
}

TEST_F(NetworkTest, TheBaseKeepsItsWeightsAndSharesTheUntouchedOnes) {
  const auto base = load();
  const auto edited = base.with({{"second.weight", times(2)}});
  EXPECT_EQ(run(edited), 146);
  EXPECT_EQ(run(base), 73);
  EXPECT_EQ(edited->first.weight.value.packed, base->first.weight.value.packed);
  EXPECT_NE(edited->second.weight.value.packed, base->second.weight.value.packed);
}

TEST_F(NetworkTest, CopiesPackTheirWeightsTogetherAndOnlyOnce) {
  int calls = 0;
  const auto edited = load().with({{"first.weight", [&calls](Array&) { ++calls; }}});
  const Network<TwoLayers> copy = edited;
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(run(edited), 73);
  EXPECT_EQ(run(copy), 73);
  EXPECT_EQ(calls, 1);
}

TEST_F(NetworkTest, AnEditMayReadTheWeightsOfAnotherModel) {
  const auto doubled = load().with({{"first.weight", times(2)}});
  const auto mixed = load().with({{"first.weight", [other = doubled.weights()](Array& weight) {
                                     weight = weight * 0.25F + other.value("first.weight") * 0.75F;
                                   }}});
  EXPECT_FLOAT_EQ(run(mixed), 127.75F);  // 73 (0.25 + 2 * 0.75)
}

TEST_F(NetworkTest, RefusesWeightsThatAreNotThere) {
  EXPECT_THROW(static_cast<void>(load().with({{"third.weight", times(2)}})), Error);
  const Network<TwoLayers> sourceless = std::make_shared<const TwoLayers>();
  EXPECT_THROW(static_cast<void>(sourceless.with({{"first.weight", times(2)}})), Error);
}

}  // namespace
}  // namespace sagitta::models
