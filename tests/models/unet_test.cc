#include "sagitta/models/unet/unet.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

namespace sagitta::models {
namespace {

class UnetTest : public testing::Test {
 protected:
  Array run(const Array& x, const Array& context, const Patches& patches = {}) const {
    const auto rows = static_cast<std::size_t>(x.dim(0));
    return download((*model_.unet)({.x = upload(*device_, x),
                                    .timesteps = std::vector<float>(rows, 500),
                                    .context = upload(*device_, context),
                                    .vector = {}},
                                   patches));
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model model_ = test::toy_model(*device_);
};

TEST_F(UnetTest, KeepsAnySizeEvenWhereHalvingRounds) {
  const Array context = test::random_array(2, {1, 5, test::kToyContextWidth});
  for (const auto& [height, width] : {std::pair{7, 5}, std::pair{1, 1}, std::pair{2, 9}}) {
    const Array x = test::random_array(1, {1, height, width, 4});
    EXPECT_EQ(run(x, context).shape(), x.shape());
  }
}

TEST_F(UnetTest, ABatchOfTwoIsTwoSingles) {
  const Array x = test::random_array(1, {2, 6, 6, 4});
  const Array context = test::random_array(2, {2, 5, test::kToyContextWidth});
  const Array both = run(x, context);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(test::max_difference(both.slice(i, 1), run(x.slice(i, 1), context.slice(i, 1))), 0);
  }
}

TEST_F(UnetTest, TellsAHookTheTrueTokenGrid) {
  Grid tokens;
  Grid cells;
  const Patches patches = Patches{}.around_attn(
      {.site = AttnSite{.stage = Stage::middle}}, [&](const AttnCall& call, const AttendFn& inner) {
        tokens = call.layer.grid;
        cells = call.layer.input;
        return inner(call);
      });
  run(test::random_array(1, {1, 7, 5, 4}), test::random_array(2, {1, 5, test::kToyContextWidth}), patches);
  EXPECT_EQ(tokens, (Grid{.rows = 4, .cols = 3}));  // ceil(7 / 2)
  EXPECT_EQ(cells, (Grid{.rows = 7, .cols = 5}));
}

TEST_F(UnetTest, SkipsKeepWhatInputBlocksGaveBeforeOrAfterTheHook) {
  const Array x = test::random_array(1, {1, 6, 6, 4});
  const Array context = test::random_array(2, {1, 5, test::kToyContextWidth});
  const InputBlockFn nothing = [](const Tensor& h, const UnetBlock& block) {
    return block.index == 1 ? upload(h.device(), Array(h.shape())) : h;
  };
  float skip_before = -1;
  float skip_after = -1;
  const auto looking = [](float* seen) {
    return [seen](BlockJoin join, const UnetBlock& block) {
      // Output block 2 of 4 meets input block 1.
      if (block.index == 2) *seen = std::abs(download(join.skip)[0]);
      return join;
    };
  };
  run(x, context, Patches{}.change_input_block(nothing).change_output_block(looking(&skip_before)));
  run(x, context,
      Patches{}.change_input_block_after_skip(nothing).change_output_block(looking(&skip_after)));
  EXPECT_EQ(skip_before, 0);
  EXPECT_GT(skip_after, 0);
}

TEST_F(UnetTest, RefusesATextConditioningOfAnotherModel) {
  EXPECT_THROW(run(test::random_array(1, {1, 4, 4, 4}), test::random_array(2, {1, 5, 8})), Error);
}

TEST(TimestepEmbedding, BeginsWithCosinesAndPadsOddWidths) {
  const float zero = 0;
  const Array even = timestep_embedding({&zero, 1}, 4);
  EXPECT_FLOAT_EQ(even[0], 1);
  EXPECT_FLOAT_EQ(even[2], 0);
  const float one = 1;
  const Array odd = timestep_embedding({&one, 1}, 5);
  EXPECT_FLOAT_EQ(odd[0], std::cos(1.0F));
  EXPECT_FLOAT_EQ(odd[2], std::sin(1.0F));
  EXPECT_FLOAT_EQ(odd[4], 0);
}

}  // namespace
}  // namespace sagitta::models
