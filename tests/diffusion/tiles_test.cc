// Tiled coding: the pieces of an axis, and a tiny autoencoder in tiles.
#include "sagitta/diffusion/tiles.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/vae_tiled.h"
#include "support/toy_model.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

std::vector<std::int64_t> begins(const std::vector<Piece>& pieces) {
  std::vector<std::int64_t> all;
  for (const Piece& piece : pieces) all.push_back(piece.begin);
  return all;
}

TEST(Tiles, OneWhereTheAxisFits) {
  const auto pieces = make_pieces({.length = 4, .tile = 4, .overlap = 2}, {});
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].size, 4);
  EXPECT_THAT(pieces[0].weights, testing::Each(1.0F));
}

TEST(Tiles, StepByTheTileLessTheOverlap) {
  const auto pieces = make_pieces({.length = 9, .tile = 4, .overlap = 1}, {});
  EXPECT_THAT(begins(pieces), ElementsAre(0, 3, 6));
  EXPECT_EQ(pieces.back().size, 3);
}

TEST(Tiles, WeightsRiseOverTheOverlapAndAddUpToOne) {
  // Ramps 1/2, 1, 1, 1/2 from 0 and 1/2, 1, 1/2 from 2: at places 2 and 3 the sums are 3/2.
  const auto pieces = make_pieces({.length = 5, .tile = 4, .overlap = 2}, {});
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_THAT(pieces[0].weights,
              ElementsAre(FloatEq(1), FloatEq(1), FloatEq(2.0F / 3), FloatEq(1.0F / 3)));
  EXPECT_THAT(pieces[1].weights, ElementsAre(FloatEq(1.0F / 3), FloatEq(2.0F / 3), FloatEq(1)));
}

TEST(Tiles, ScaleTheirPlaces) {
  const auto up = make_pieces({.length = 6, .tile = 4, .overlap = 1}, {.times = 8});
  EXPECT_EQ(up[1].target, 24);
  EXPECT_EQ(up[1].weights.size(), 24U);
  const auto down = make_pieces({.length = 48, .tile = 32, .overlap = 8}, {.divided = 8});
  EXPECT_EQ(down[1].target, 3);
  EXPECT_EQ(down[1].weights.size(), 3U);
}

TEST(Tiles, RefuseTilesThatCannotCover) {
  const auto pieces = [](const TileAxis& axis, const TileScale& scale) {
    try {
      static_cast<void>(make_pieces(axis, scale));
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::bad_input);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(pieces({.length = 9, .tile = 4, .overlap = 4}, {}),
              HasSubstr("tiles of 4 that overlap by 4 make no step forward"));
  EXPECT_THAT(pieces({.length = 9, .tile = 4, .overlap = 9}, {}), HasSubstr("no step forward"));
  EXPECT_THAT(pieces({.length = 16, .tile = 4, .overlap = 0}, {.divided = 8}),
              HasSubstr("smaller than a cell"));
  EXPECT_THAT(pieces({.length = 72, .tile = 20, .overlap = 0}, {.divided = 8}),
              HasSubstr("leave gaps"));
}

TEST(Tiles, AddUpToThePictureItself) {
  const Array x = test::random_array(3, {1, 2, 9, 7});
  Array sum(x.shape());
  add_tiles(sum, x, make_pieces({.length = 9, .tile = 4, .overlap = 2}, {}),
            make_pieces({.length = 7, .tile = 3, .overlap = 1}, {}),
            [](const Array& tile) { return tile; });
  EXPECT_LT(test::max_difference(sum, x), 1e-6F);
}

class VaeTilesTest : public testing::Test {
 protected:
  // Its latents have an eighth of the picture's sides.
  static constexpr TileParams kCells{.width = 16, .height = 16, .overlap = 4};

  std::unique_ptr<Device> device_ = open_device("cpu");
  models::Checkpoint checkpoint_ =
      models::load_checkpoint(std::string(SAGITTA_GOLDEN_DIR) + "/models/tiny-sd1.safetensors",
                              {.compute = *device_, .text = *device_});
  Vae vae_ = *make_vae(*device_, checkpoint_);
};

TEST_F(VaeTilesTest, WhatFitsIntoHalfATileIsCodedAsAWhole) {
  const Array latents = test::random_array(1, {2, 4, 8, 5});
  int tiles = 0;
  const auto count = [&](std::int64_t, std::int64_t) { ++tiles; };
  EXPECT_EQ(test::max_difference(decode_tiled(vae_, latents, kCells, count), decode(vae_, latents)),
            0);
  const Array images(decode(vae_, latents));
  EXPECT_EQ(test::max_difference(
                encode_tiled(vae_, images, {.width = 128, .height = 128, .overlap = 32}, count),
                encode(vae_, images)),
            0);
  EXPECT_EQ(tiles, 0);
}

TEST_F(VaeTilesTest, ABatchIsItsItems) {
  const Array latents = test::random_array(1, {2, 4, 9, 8});
  const Array both = decode_tiled(vae_, latents, kCells);
  EXPECT_EQ(both.shape(), (Shape{2, 72, 64, 3}));
  EXPECT_EQ(test::max_difference(both.slice(1, 1), decode_tiled(vae_, latents.slice(1, 1), kCells)),
            0);
}

TEST_F(VaeTilesTest, EncodesPicturesOfAnySideCutToWholeCells) {
  const Array images = test::random_array(2, {1, 83, 47, 3});
  const Array latents = encode_tiled(vae_, images, {.width = 32, .height = 32, .overlap = 8});
  EXPECT_EQ(latents.shape(), (Shape{1, 4, 10, 5}));
  EXPECT_TRUE(std::ranges::all_of(latents.values(), [](float v) { return std::isfinite(v); }));
}

TEST_F(VaeTilesTest, MemoryIsThatOfATileWhateverThePicture) {
  const auto peak = [&](std::int64_t side) {
    device_->memory().reset_peak();
    const TileParams tiles{.width = 8, .height = 8, .overlap = 2};
    static_cast<void>(decode_tiled(vae_, Array({1, 4, side, side}), tiles));
    return device_->memory().peak();
  };
  EXPECT_EQ(peak(16), peak(48));
}

TEST_F(VaeTilesTest, TellsOfEveryTileAndStopsWhenAsked) {
  std::vector<std::int64_t> done;
  const auto stop = [&](std::int64_t tile, std::int64_t total) {
    EXPECT_EQ(total, 2 + 1 + 1);  // 9 rows in tiles of 32, 8 and 16
    done.push_back(tile);
    if (tile == 2) throw Error(Fault::cancelled, "stop");
  };
  EXPECT_THROW(static_cast<void>(decode_tiled(vae_, Array({1, 4, 9, 8}), kCells, stop)), Error);
  EXPECT_THAT(done, ElementsAre(0, 1, 2));
}

TEST_F(VaeTilesTest, RefusesWhatHasNoSize) {
  EXPECT_THROW(
      static_cast<void>(decode_tiled(vae_, Array({1, 4, 9, 9}), {.width = 1, .height = 8})), Error);
  EXPECT_THROW(static_cast<void>(decode_tiled(vae_, Array({1, 16, 9, 9}), kCells)), Error);
  EXPECT_THROW(static_cast<void>(encode_tiled(vae_, Array({1, 7, 64, 3}), kCells)), Error);
}

}  // namespace
}  // namespace sagitta
