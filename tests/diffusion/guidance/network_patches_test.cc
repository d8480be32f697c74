// Methods inside the network: where they must change nothing, and small numbers.
#include "sagitta/diffusion/guidance/attention_multiply.h"
#include "sagitta/diffusion/guidance/deep_shrink.h"
#include "sagitta/diffusion/guidance/freeu.h"
#include "sagitta/diffusion/guidance/hypertile.h"
#include "sagitta/diffusion/guidance/nag.h"
#include "sagitta/diffusion/guidance/seg.h"
#include "support/guided.h"

#include <cmath>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;

using NetworkPatchesTest = test::GuidedTest;

TEST_F(NetworkPatchesTest, NeutralParametersChangeNothing) {
  const Array cfg = denoise(plain_);
  const Model neutral[] = {with_freeu(plain_, {.b1 = 1, .b2 = 1, .s1 = 1, .s2 = 1}),
                           with_nag(plain_, {.alpha = 0}),
                           with_nag(plain_, {.scale = 1}),
                           with_hypertile(plain_, {.tile_size = 2048}),
                           with_self_attention_factors(plain_, {}),
                           with_deep_shrink(plain_, {.block_number = 32})};
  for (const Model& model : neutral) EXPECT_LT(max_difference(denoise(model), cfg), 1e-4F);
}

// Queries and keys meet in a product only; and the toy's biases are 0, so that a factor on the
// values is one on the output.
TEST_F(NetworkPatchesTest, AttentionFactorsMultiplyWeights) {
  for (const auto with : {with_self_attention_factors, with_cross_attention_factors}) {
    const Array queries = denoise(with(plain_, {.q = 6}));
    EXPECT_LT(max_difference(queries, denoise(with(with(plain_, {.k = 3}), {.q = 2}))), 1e-3F);
    EXPECT_LT(max_difference(denoise(with(plain_, {.v = 2})), denoise(with(plain_, {.out = 2}))),
              1e-3F);
    EXPECT_GT(max_difference(queries, denoise(plain_)), 1e-2F);
  }
}

TEST_F(NetworkPatchesTest, DeepShrinkShrinksBehindItsBlockWhileItIsActive) {
  Grid middle;
  const auto watch = [&](Model model) {
    model.patches = model.patches.around_attn({.site = AttnSite{.stage = Stage::middle}},
                                              [&](const AttnCall& call, const AttendFn& inner) {
                                                middle = call.layer.grid;
                                                return inner(call);
                                              });
    return model;
  };
  (void)denoise(watch(plain_));
  EXPECT_EQ(middle, (Grid{.rows = 4, .cols = 3}));
  for (const bool after_skip : {true, false}) {
    const DeepShrinkParams params{
        .block_number = 1, .end_percent = 1, .downscale_after_skip = after_skip};
    (void)denoise(watch(with_deep_shrink(plain_, params)));
    EXPECT_EQ(middle, (Grid{.rows = 2, .cols = 2}));  // 8x6 halved is 4x3, and once more
  }
  (void)denoise(watch(with_deep_shrink(plain_, {.block_number = 1, .end_percent = 0.1F})));
  EXPECT_EQ(middle, (Grid{.rows = 4, .cols = 3}));  // sigma 3 comes later
}

// Without a negative row in the call there is nothing to guide by.
TEST_F(NetworkPatchesTest, NagWantsTheNegativeAtScaleOne) {
  EXPECT_GT(max_difference(denoise(with_nag(plain_, {}), 1), denoise(plain_, 1)), 1e-4F);
}

TEST_F(NetworkPatchesTest, NagGuidesEveryPositive) {
  const Model model = with_nag(plain_, {});
  const Array one = denoise(model);
  positive_.push_back(positive_.front());
  EXPECT_LT(max_difference(denoise(model), one), 1e-4F);
}

TEST(Nag, LimitsTheGrowthOfAToken) {
  float positive[] = {1, -1};
  const float negative[] = {0, 0};
  nag::guide(positive, negative, {.scale = 2, .alpha = 1, .tau = 1.5F});
  EXPECT_FLOAT_EQ(positive[0], 1.5F);  // twice as long would be 2
  EXPECT_FLOAT_EQ(positive[1], -1.5F);
}

TEST(HyperTile, DrawsAmongTheFirstDivisorsAndNeverTakesTheLast) {
  TorchRng rng(1);
  const TorchRng untouched = rng;
  EXPECT_EQ(hypertile::draw_tiles(7, 4, 3, rng), 1);  // 7 alone divides 7: nothing is drawn
  TorchRng copy = untouched;
  EXPECT_EQ(rng.next_u32(), copy.next_u32());
  // 16 cut into tiles of 4, 8 or 16 tokens.
  bool four = false;
  bool two = false;
  for (int i = 0; i < 50; ++i) {
    const auto tiles = hypertile::draw_tiles(16, 4, 3, rng);
    four |= tiles == 4;
    two |= tiles == 2;
    EXPECT_NE(tiles, 1);
  }
  EXPECT_TRUE(four && two);
  EXPECT_EQ(hypertile::draw_tiles(16, 4, 2, rng), 4);  // two choices leave none
}

TEST(FreeU, DoesNotBreakOnAFlatMap) {
  const auto device = open_device("reference");
  const Model model = with_freeu_v2(test::toy_model(*device), {});
  const UnetPass pass;
  const BlockJoin join =
      model.patches.output_block({.h = upload(*device, Array({1, 2, 2, 8}, 3)),
                                  .skip = upload(*device, Array({1, 2, 2, 8}, 1))},
                                 {.index = 0, .model_channels = 4, .pass = pass});
  const Array h = download(join.h);
  EXPECT_EQ(h[0], 3);
  EXPECT_FLOAT_EQ(download(join.skip)[0], 0.2F);  // the mean is a low frequency
}

TEST(Seg, BlursQueriesBetweenTheThingItselfAndItsMean) {
  const Grid grid{.rows = 3, .cols = 2};
  const Array queries = random_array(1, {2, 6, 5});
  EXPECT_EQ(max_difference(seg::smooth(queries, grid, 0), queries), 0);
  const Array mean = seg::smooth(queries, grid, -1);
  EXPECT_EQ(mean[0], mean[5]);
  const Array flat({1, 6, 5}, 2);
  EXPECT_LT(max_difference(seg::smooth(flat, grid, 4), flat), 1e-6F);
  EXPECT_GT(max_difference(seg::smooth(queries, grid, 1), queries), 1e-2F);
}

}  // namespace
}  // namespace sagitta
