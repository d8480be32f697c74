#include "sagitta/ops/elementwise.h"

#include "backend/twin.h"
#include "sagitta/ops/layout.h"

namespace sagitta {
namespace {

const std::vector<Shape> kShapes{{1}, {1, 1, 1, 1}, {3, 5, 7}, {2, 8, 8, 32}, {1, 40, 41, 33}};

class ElementwiseTwin : public TwinTest {};

TEST_P(ElementwiseTwin, AxpbyAgrees) {
  for (const Shape& shape : kShapes) {
    SCOPED_TRACE(to_string(shape));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(shape);
      const Tensor y = side.tensor(shape);
      return ops::axpby(0.75F, x, -2.5F, y);
    });
  }
}

TEST_P(ElementwiseTwin, AddAgrees) {
  for (const Shape& shape : kShapes) {
    SCOPED_TRACE(to_string(shape));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(shape);
      const Tensor y = side.tensor(shape);
      return ops::add(x, y);
    });
  }
}

TEST_P(ElementwiseTwin, EveryActivationAgrees) {
  for (const Activation activation : {Activation::none, Activation::silu, Activation::gelu,
                                      Activation::quick_gelu, Activation::relu, Activation::tanh}) {
    for (const Shape& shape : kShapes) {
      SCOPED_TRACE(to_string(shape) + " activation " +
                   std::to_string(static_cast<int>(activation)));
      expect_twins([&](Side& side) { return ops::activate(activation, side.tensor(shape, 0, 4)); });
    }
  }
}

TEST_P(ElementwiseTwin, ConcatChannelsAgrees) {
  for (const auto& [a_channels, b_channels] :
       {std::pair{1, 1}, std::pair{3, 8}, std::pair{64, 32}, std::pair{7, 129}}) {
    for (const Shape& rows : {Shape{}, Shape{1, 1, 1}, Shape{2, 5, 3}, Shape{1, 20, 21}}) {
      SCOPED_TRACE(to_string(rows) + " rows of " + std::to_string(a_channels) + " and " +
                   std::to_string(b_channels));
      expect_twins([&rows, a_width = a_channels, b_width = b_channels](Side& side) {
        Shape shape = rows;
        shape.push_back(a_width);
        const Tensor a = side.tensor(shape);
        shape.back() = b_width;
        const Tensor b = side.tensor(shape);
        return ops::concat_channels(a, b);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ElementwiseTwin, testing::ValuesIn(twin_targets()), target_name);

}  // namespace
}  // namespace sagitta
