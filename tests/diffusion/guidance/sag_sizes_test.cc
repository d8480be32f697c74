// Self-Attention Guidance at any size of latent, also where the network works on a smaller grid.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/guidance/deep_shrink.h"
#include "sagitta/diffusion/guidance/gaussian_blur.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "support/guided.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

using test::max_difference;

class SagSizesTest : public test::GuidedTest {
 protected:
  // Runs the guidance on a latent and checks the mask against what the layer itself reported;
  // returns the grid of its tokens.
  Grid check_mask(Model model, std::int64_t height, std::int64_t width) {
    Array values;
    Grid grid;
    model.patches = model.patches.observe_received(
        {.stage = Stage::middle, .depth = 0}, Role::uncond, [&](const ReceivedAttention& seen) {
          for (std::size_t i = 0; i < seen.pass.rows.size(); ++i) {
            if (seen.pass.rows[i].role == Role::uncond) {
              values = seen.values.slice(static_cast<std::int64_t>(i), 1);
            }
          }
          grid = seen.grid;
        });
    int seen = 0;
    model = with_sag(std::move(model), {});
    model.sag_observers.emplace_back([&](const SagTrace& trace) {
      ++seen;
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          const std::int64_t token = y * grid.rows / height * grid.cols + x * grid.cols / width;
          const float expected = values[static_cast<std::size_t>(token)] > 1 ? 1.0F : 0.0F;
          EXPECT_EQ(trace.mask[static_cast<std::size_t>(y * width + x)], expected)
              << height << "x" << width << ", row " << y << ", column " << x;
        }
      }
    });
    const Array guided = denoise(model, 7, {1, 4, height, width});
    EXPECT_EQ(seen, 1);
    EXPECT_TRUE(std::ranges::all_of(guided.values(), [](float v) { return std::isfinite(v); }));
    return grid;
  }
};

// Two halvings, each rounded up. Where the grid is guessed from the number of tokens, some of these
// come out wrong (10x4 for 8x5) and some not at all.
TEST_F(SagSizesTest, TheMaskLiesOnTheNetworksOwnGrid) {
  models::UnetSpec deep = test::toy_spec();
  deep.levels.push_back(deep.levels.back());
  const Model model = test::toy_model(*device_, deep);
  for (const auto& [height, width] : {std::pair{5, 5},
                                      {5, 40},
                                      {40, 5},
                                      {16, 9},
                                      {17, 24},
                                      {9, 36},
                                      {31, 19},
                                      {32, 17},
                                      {33, 7}}) {
    const Grid expected{.rows = (height + 3) / 4, .cols = (width + 3) / 4};
    EXPECT_EQ(check_mask(model, height, width), expected) << height << "x" << width;
  }
}

TEST_F(SagSizesTest, TheMaskLiesOnTheGridThatDeepShrinkLeaves) {
  for (const double factor : {1.5, 2.0, 3.0, 4.7}) {
    for (const bool after_skip : {true, false}) {
      DeepShrinkParams params{.block_number = 1, .start_percent = 0, .end_percent = 1};
      params.downscale_factor = static_cast<decltype(params.downscale_factor)>(factor);
      params.downscale_after_skip = after_skip;
      for (const auto& [height, width] : {std::pair{15, 9}, {8, 21}, {24, 5}}) {
        const Grid grid = check_mask(with_deep_shrink(plain_, params), height, width);
        EXPECT_LE(grid.rows, std::lround(height / factor / 2) + 1) << factor;
        EXPECT_LE(grid.cols, std::lround(width / factor / 2) + 1) << factor;
      }
    }
  }
}

TEST_F(SagSizesTest, LatentsTooSmallForTheBlurKeepPlainGuidance) {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 30}, {30, 1}, {4, 4}, {2, 9}}) {
    const Shape shape{1, 4, height, width};
    EXPECT_EQ(max_difference(denoise(with_sag(plain_, {}), 7, shape), denoise(plain_, 7, shape)),
              0);
  }
}

// 31 taps reach 15 cells beyond the border.
TEST_F(SagSizesTest, AFittedKernelFitsTheLatentToo) {
  const SagOptions fitted{.blur_sigma = 5, .kernel_size = 0};
  EXPECT_EQ(sag::taps_for(5), 31);
  const Shape small{1, 4, 8, 11};
  const Array guided = denoise(with_advanced_sag(plain_, fitted), 7, small);
  const SagOptions largest{.blur_sigma = 5, .kernel_size = 15};
  EXPECT_EQ(max_difference(guided, denoise(with_advanced_sag(plain_, largest), 7, small)), 0);
  EXPECT_GT(max_difference(guided, denoise(plain_, 7, small)), 1e-4F);
}

TEST_F(SagSizesTest, RefusesAKernelThatCannotFit) {
  const Model model = with_advanced_sag(plain_, {.kernel_size = 31});
  EXPECT_NO_THROW(static_cast<void>(denoise(model, 7, {1, 4, 16, 17})));
  try {
    static_cast<void>(denoise(model, 7, {1, 4, 15, 40}));
    ADD_FAILURE() << "took a kernel wider than the latent";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_THAT(error.what(), testing::HasSubstr("kernel_size = 31"));
  }
}

}  // namespace
}  // namespace sagitta
