// Arithmetic, composites and batches of latents.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/latent_batch.h"
#include "sagitta/diffusion/latent_composite.h"
#include "sagitta/diffusion/latent_math.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::IsEmpty;

Array row(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {{1, 1, 1, count}, std::move(values)};
}

// Items of one cell.
Latent items(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return {.samples = Array({count, 1, 1, 1}, std::move(values))};
}

template <class Fn>
std::string error_of(const Fn& fn) {
  try {
    fn();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    return error.what();
  }
  return "no error";
}

TEST(LatentMath, FitsSizeAndBatch) {
  const Array fitted = fit_latent(row({1, 3}), Array({2, 1, 1, 1}));
  EXPECT_EQ(fitted.shape(), (Shape{2, 1, 1, 1}));
  // The cut to a square around the centre leaves nothing of half a cell on either side: both stay.
  EXPECT_THAT(fitted.values(), Each(FloatEq(2)));
}

TEST(LatentMath, OtherChannelsAreRefusedInWords) {
  const auto join = [] {
    static_cast<void>(fit_latent(Array({1, 16, 2, 2}), Array({1, 4, 2, 2})));
  };
  EXPECT_THAT(error_of(join), HasSubstr("latents of 4 and 16 channels do not go together"));
}

TEST(LatentMath, BlendsByShareAndRepeatsASingleItem) {
  EXPECT_THAT(blend(row({8}), row({4}), 0.25F).values(), ElementsAre(5));
  const Array pair({2, 1, 1, 1}, std::vector<float>{8, 0});
  EXPECT_THAT(blend(pair, row({4}), 0.5F).values(), ElementsAre(6, 2));
  EXPECT_THAT(blend(row({4}), pair, 0.5F).values(), ElementsAre(6, 2));
  const Array three({3, 1, 1, 1});
  EXPECT_THAT(error_of([&] { static_cast<void>(blend(pair, three, 0.5F)); }),
              HasSubstr("batches of 2 and 3"));
}

TEST(LatentMath, InterpolatesDirectionAndLengthOnTheirOwn) {
  // (2, 0) and (0, 4) of one cell: direction (1, 1) / sqrt 2, length 3.
  const Array a({1, 2, 1, 1}, std::vector<float>{2, 0});
  const Array b({1, 2, 1, 1}, std::vector<float>{0, 4});
  const Array half = interpolate(a, b, 0.5F);
  EXPECT_NEAR(half[0], 3 / std::sqrt(2.0F), 1e-6F);
  EXPECT_NEAR(half[1], 3 / std::sqrt(2.0F), 1e-6F);
  EXPECT_THAT(interpolate(a, b, 1).values(), ElementsAre(2, 0));
}

TEST(LatentMath, InterpolatesZeroVectorsAndEveryItemByItself) {
  const Array zero({1, 2, 1, 1});
  EXPECT_THAT(interpolate(zero, zero, 0.5F).values(), Each(0));
  // Items (2, 0) and (0, 6) with (0, 0): the direction stays, the length is halved.
  const Array pair({2, 2, 1, 1}, std::vector<float>{2, 0, 0, 6});
  EXPECT_THAT(interpolate(pair, zero, 0.5F).values(), ElementsAre(1, 0, 0, 3));
}

TEST(LatentComposite, FeathersInnerEdgesOnly) {
  // The left edge is the latent's own and stays hard; the right one falls from 2/2 to 1/2.
  EXPECT_THAT(paste_feathered(row({0, 0, 0, 0}), row({8, 8, 8}), {}, 2).values(),
              ElementsAre(8, 8, 4, 0));
  EXPECT_THAT(paste_feathered(row({0, 0, 0, 0}), row({8, 8, 8}), {.x = 1}, 2).values(),
              ElementsAre(0, 4, 8, 8));
  EXPECT_THAT(paste_feathered(row({1, 1, 1}), row({8}), {.x = 1}, 0).values(),
              ElementsAre(1, 8, 1));
}

TEST(LatentComposite, CutsOffWhatSticksOut) {
  EXPECT_THAT(paste_feathered(row({0, 0, 0}), row({1, 2, 3}), {.x = 2}, 0).values(),
              ElementsAre(0, 0, 1));
  EXPECT_THAT(paste_feathered(row({0, 0, 0}), row({1, 2, 3}), {.x = 3}, 0).values(), Each(0));
}

TEST(LatentComposite, AFeatherWiderThanTheLatentCountsFromItsEndAgain) {
  // One cell at four steps: 1/4 of either edge. Of one cell no place is there again.
  EXPECT_THAT(paste_feathered(row({0, 0, 0}), row({16}), {.x = 1}, 4).values(),
              ElementsAre(0, 1, 0));
  // Two cells at the near border: the far edge gives 1/4 to the last and 2/4 to the first; the
  // fourth step, at place -2, is 4/4 of the first.
  EXPECT_THAT(paste_feathered(row({0, 0, 0}), row({16, 16}), {}, 4).values(), ElementsAre(8, 4, 0));
  // Of eight steps 1/8 and 2/8, and of the first 4/8 once more.
  EXPECT_THAT(paste_feathered(row({0, 0, 0}), row({64, 64}), {}, 8).values(), ElementsAre(8, 8, 0));
}

TEST(LatentComposite, PlacesOutsideAndOtherBatchesAreRefused) {
  const auto at = [](const Place& place) {
    return error_of([&] { static_cast<void>(paste_feathered(row({0, 0}), row({1}), place, 0)); });
  };
  EXPECT_THAT(at({.x = 3}), HasSubstr("the place at x 3, y 0 lies outside of the latent of 2x1"));
  EXPECT_THAT(at({.y = -1}), HasSubstr("y -1"));
  const Array pair({2, 1, 1, 1});
  EXPECT_THAT(error_of([&] { static_cast<void>(paste_feathered(row({0}), pair, {}, 0)); }),
              HasSubstr("a batch of 2 latents cannot be laid onto one of 1"));
  EXPECT_THAT(paste_feathered(pair, row({5}), {}, 0).values(), ElementsAre(5, 5));
}

TEST(LatentComposite, TheMaskSaysHowMuchIsSeen) {
  const Array mask({1, 1, 2}, std::vector<float>{1, 0.5F});
  EXPECT_THAT(paste_masked(row({0, 0, 0}), row({8, 8}), {.x = 1}, &mask).values(),
              ElementsAre(0, 8, 4));
  // Resized to the upper latent: a mask of one value counts everywhere.
  const Array half({1, 1, 1}, 0.5F);
  EXPECT_THAT(paste_masked(row({0, 0, 0}), row({8, 8}), {}, &half).values(), ElementsAre(4, 4, 0));
}

TEST(LatentComposite, AMaskedCornerMayLieOnEitherSide) {
  EXPECT_THAT(paste_masked(row({0, 0, 0}), row({1, 2}), {.x = -1}, nullptr).values(),
              ElementsAre(2, 0, 0));
  for (const std::int64_t far :
       {std::int64_t{-2}, std::int64_t{3}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_THAT(paste_masked(row({0, 0, 0}), row({1, 2}), {.x = far}, nullptr).values(), Each(0));
  }
}

TEST(LatentBatch, RepeatsWithNumbersOfTheirOwn) {
  Latent latent = items({1, 2});
  EXPECT_THAT(repeat_batch(latent, 2).samples.values(), ElementsAre(1, 2, 1, 2));
  EXPECT_THAT(repeat_batch(latent, 2).batch_index, IsEmpty());
  latent.batch_index = {3, 5};  // a span of 3
  latent.noise_mask = Array({2, 1, 1, 1}, std::vector<float>{0, 1});
  const Latent twice = repeat_batch(latent, 2);
  EXPECT_THAT(twice.batch_index, ElementsAre(3, 5, 6, 8));
  EXPECT_THAT(twice.noise_mask->values(), ElementsAre(0, 1, 0, 1));
  latent.noise_mask = Array({1, 1, 1, 1});
  EXPECT_EQ(repeat_batch(latent, 2).noise_mask->dim(0), 1);
}

TEST(LatentBatch, RefusesRepetitionsThatNothingCouldHold) {
  const Latent large{.samples = Array({4096, 4, 33, 32})};
  EXPECT_THAT(error_of([&] { static_cast<void>(repeat_batch(large, 64)); }),
              HasSubstr("a batch of shape 262144x4x33x32 would have more than"));
  Latent far = items({1});
  far.batch_index = {kMaxBatchIndex};
  EXPECT_EQ(repeat_batch(far, 1).batch_index.size(), 1U);
  far.batch_index = {kMaxBatchIndex + 1};
  EXPECT_THAT(error_of([&] { static_cast<void>(repeat_batch(far, 2)); }),
              HasSubstr("the largest is"));
}

TEST(LatentBatch, PicksItemsWithTheirNoiseAndMask) {
  Latent latent = items({1, 2, 3});
  latent.noise_mask = Array({2, 1, 1, 1}, std::vector<float>{0, 1});  // 0, 1, 0 for the three
  const Latent two = from_batch(latent, 1, 5);
  EXPECT_THAT(two.samples.values(), ElementsAre(2, 3));
  EXPECT_THAT(two.noise_mask->values(), ElementsAre(1, 0));
  EXPECT_THAT(two.batch_index, ElementsAre(1, 2));
  EXPECT_THAT(from_batch(two, 1, 1).batch_index, ElementsAre(2));
}

TEST(LatentBatch, AnIndexOutsideIsTheNearestItem) {
  EXPECT_THAT(from_batch(items({1, 2, 3}), 9, 2).samples.values(), ElementsAre(3));
  EXPECT_THAT(from_batch(items({1, 2, 3}), -1, 2).samples.values(), ElementsAre(3));
  EXPECT_THAT(from_batch(items({1, 2, 3}), -2, 1).samples.values(), ElementsAre(2));
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_THAT(from_batch(items({1, 2, 3}), lowest, 1).samples.values(), ElementsAre(1));
}

TEST(LatentBatch, JoinsWithTheNumbersOfEach) {
  Latent second = items({3});
  second.batch_index = {7};
  const std::vector<Latent> both{items({1, 2}), second};
  const Latent joined = join_batches(both);
  EXPECT_THAT(joined.samples.values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(joined.batch_index, ElementsAre(0, 1, 7));
}

TEST(LatentBatch, RebatchesNeighboursOfOneSize) {
  const std::vector<Latent> list{
      items({1, 2, 3}), items({4}), {.samples = Array({1, 1, 2, 2}, 5)}, items({6})};
  const std::vector<Latent> batches = rebatch(list, 3);
  ASSERT_EQ(batches.size(), 4U);
  EXPECT_THAT(batches[0].samples.values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(batches[1].samples.values(), ElementsAre(4));
  EXPECT_THAT(batches[1].batch_index, ElementsAre(3));
  EXPECT_EQ(batches[2].samples.shape(), (Shape{1, 1, 2, 2}));
  EXPECT_THAT(batches[3].batch_index, ElementsAre(5));
  EXPECT_FALSE(batches[0].noise_mask);
}

TEST(LatentBatch, RebatchesMasksWhereTheyLeaveSomethingOut) {
  Latent masked = items({1, 2});
  masked.noise_mask = Array({1, 1, 8, 8}, 0.5F);
  const std::vector<Latent> batches = rebatch(std::vector<Latent>{masked, items({3, 4})}, 2);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].noise_mask->shape(), (Shape{2, 1, 8, 8}));
  EXPECT_THAT(batches[0].noise_mask->values(), Each(0.5F));
  EXPECT_FALSE(batches[1].noise_mask);
  Latent small = items({5});
  small.noise_mask = Array({1, 1, 2, 2}, 0.25F);  // another size: both come to that of the picture
  const Latent mixed = rebatch(std::vector<Latent>{masked, small}, 3).front();
  EXPECT_EQ(mixed.noise_mask->shape(), (Shape{3, 1, 8, 8}));
  EXPECT_EQ((*mixed.noise_mask)[64 * 2], 0.25F);
}

TEST(LatentBatch, GivesAllItemsOneNoise) {
  EXPECT_THAT(with_one_noise(items({1, 2})).batch_index, ElementsAre(0, 0));
  Latent latent = items({1, 2});
  latent.batch_index = {4, 5};
  EXPECT_THAT(with_one_noise(latent).batch_index, ElementsAre(4, 4));
}

TEST(LatentBatch, RefusesIndicesThatDoNotFitTheItems) {
  Latent latent = items({1, 2});
  latent.batch_index = {0};
  EXPECT_THAT(error_of([&] { static_cast<void>(from_batch(latent, 0, 1)); }),
              HasSubstr("a latent of 2 items has 1 batch indices"));
}

}  // namespace
}  // namespace sagitta
