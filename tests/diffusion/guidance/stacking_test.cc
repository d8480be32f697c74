// Methods on one model do not get into each other's way, whatever their order.
#include "sagitta/diffusion/guidance/apg.h"
#include "sagitta/diffusion/guidance/deep_shrink.h"
#include "sagitta/diffusion/guidance/hypertile.h"
#include "sagitta/diffusion/guidance/pag.h"
#include "sagitta/diffusion/guidance/rescale_cfg.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/diffusion/guidance/seg.h"
#include "support/guided.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta {
namespace {

using test::max_difference;

class StackingTest : public test::GuidedTest {
 protected:
  using Method = Model (*)(Model);
  static Model sag(Model model) { return with_sag(std::move(model), {}); }
  static Model down_sag(Model model) {
    return with_advanced_sag(std::move(model), {.scale = 0.8F, .blur_sigma = 1, .layers = "d0"});
  }
  static Model pag(Model model) { return with_pag(std::move(model), {}); }
  static Model seg(Model model) { return with_seg(std::move(model), {}); }
  static Model rescale(Model model) { return with_rescale_cfg(std::move(model), {}); }

  Model stack(const std::vector<Method>& methods) {
    Model model = plain_;
    for (const Method method : methods) model = method(std::move(model));
    return model;
  }
};

TEST_F(StackingTest, SagAndPagBothActInEitherOrder) {
  const Array cfg = denoise(plain_);
  const Array sag_push = denoise(stack({sag})) - cfg;
  const Array pag_push = denoise(stack({pag})) - cfg;
  EXPECT_GT(max_difference(sag_push, Array(cfg.shape())), 1e-3F);
  EXPECT_GT(max_difference(pag_push, Array(cfg.shape())), 1e-3F);
  const Array expected = cfg + sag_push + pag_push;
  EXPECT_LT(max_difference(denoise(stack({sag, pag})), expected), 1e-4F);
  EXPECT_EQ(calls_, 3);
  EXPECT_LT(max_difference(denoise(stack({pag, sag})), expected), 1e-4F);
}

// Each pushes by what it pushes by alone, whatever the order: all 120 of them.
TEST_F(StackingTest, MethodsThatAddAndTheFormulaActInAnyOrder) {
  const Shape small{1, 4, 5, 6};
  const auto run = [&](const std::vector<Method>& methods) {
    return denoise(stack(methods), 7, small);
  };
  const Array cfg = run({});
  Array expected = run({rescale});
  EXPECT_GT(max_difference(expected, cfg), 1e-2F);
  for (const Method method : {sag, down_sag, pag, seg}) {
    const Array push = run({method}) - cfg;
    EXPECT_GT(max_difference(push, Array(cfg.shape())), 1e-3F);
    expected += push;
  }
  const std::array<Method, 5> methods{sag, down_sag, pag, seg, rescale};
  std::array<std::size_t, 5> order{0, 1, 2, 3, 4};
  int orders = 0;
  do {
    std::vector<Method> ordered;
    for (const std::size_t i : order) ordered.push_back(methods[i]);
    EXPECT_LT(max_difference(run(ordered), expected), 1e-4F);
    EXPECT_EQ(calls_, 5);
    ++orders;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(orders, 120);
}

// Two applications that look at different layers; upstream keeps one of them.
TEST_F(StackingTest, TwoSagsOfDifferentLayersAddInEitherOrder) {
  const Array cfg = denoise(plain_);
  const Array middle = denoise(stack({sag})) - cfg;
  const Array down = denoise(stack({down_sag})) - cfg;
  EXPECT_GT(max_difference(middle, down), 1e-3F);
  EXPECT_LT(max_difference(denoise(stack({sag, down_sag})), cfg + middle + down), 1e-4F);
  EXPECT_LT(max_difference(denoise(stack({down_sag, sag})), cfg + middle + down), 1e-4F);
  EXPECT_EQ(calls_, 3);
}

// The middle block sees half as many tokens a side as without; the map is still the network's own.
TEST_F(StackingTest, SagIsRightUnderDeepShrinkInEitherOrder) {
  const DeepShrinkParams shrink{.block_number = 1, .start_percent = 0, .end_percent = 1};
  const Shape odd{1, 4, 15, 9};
  const Array before = denoise(with_sag(with_deep_shrink(plain_, shrink), {}), 7, odd);
  EXPECT_EQ(calls_, 2);
  EXPECT_TRUE(std::ranges::all_of(before.values(), [](float v) { return std::isfinite(v); }));
  EXPECT_EQ(max_difference(before, denoise(with_deep_shrink(with_sag(plain_, {}), shrink), 7, odd)),
            0);
  EXPECT_GT(max_difference(before, denoise(with_deep_shrink(plain_, shrink), 7, odd)), 1e-4F);
}

// SAG reads what the weights attend to; tiles around the layer it looks at do not cut its map.
TEST_F(StackingTest, SagSeesWholePicturesInsideTiles) {
  const Shape large{1, 4, 16, 16};
  Shape seen;
  Model model = with_hypertile(plain_, {.tile_size = 32, .swap_size = 2, .max_depth = 1});
  model.patches = model.patches.observe_received(
      {.stage = Stage::middle}, Role::uncond,
      [&](const ReceivedAttention& received) { seen = received.values.shape(); });
  const Array tiled = denoise(model, 7, large);
  EXPECT_EQ(seen, (Shape{2, 64}));
  EXPECT_GT(max_difference(tiled, denoise(plain_, 7, large)), 1e-4F);
}

TEST_F(StackingTest, StateBelongsToTheRunNotToTheModel) {
  const Model model = with_apg(plain_, {.norm_threshold = 0, .momentum = 0.75F});
  RunScratch scratch;
  const Array first = denoise_in(scratch, model);
  const Array second = denoise_in(scratch, model);
  EXPECT_GT(max_difference(first, second), 1e-4F);  // the second step has momentum
  EXPECT_EQ(max_difference(first, denoise(model)), 0);
}

}  // namespace
}  // namespace sagitta
