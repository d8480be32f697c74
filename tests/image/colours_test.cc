#include "sagitta/base/error.h"
#include "sagitta/base/rng.h"
#include "sagitta/image/colour_transfer.h"
#include "sagitta/image/lab.h"
#include "sagitta/image/matrix3.h"
#include "sagitta/image/palette.h"
#include "sagitta/image/quantize.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace sagitta {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using testing::ThrowsMessage;

Bytes row_of(const std::vector<Colour>& pixels) {
  Bytes picture{
      .height = 1, .width = static_cast<std::int64_t>(pixels.size()), .channels = 3, .values = {}};
  for (const Colour& pixel : pixels)
    picture.values.insert(picture.values.end(), pixel.begin(), pixel.end());
  return picture;
}

constexpr Colour kBlack{0, 0, 0};
constexpr Colour kGrey{100, 100, 100};
constexpr Colour kWhite{255, 255, 255};

Array noise(Shape shape, std::uint64_t seed) {
  Array x(std::move(shape));
  TorchRng(seed).randn(x.values());
  for (float& value : x.values()) value = 0.5F + 0.15F * std::sin(value);
  return x;
}

TEST(MedianCut, KeepsTheColoursOfAPictureThatHasFew) {
  EXPECT_THAT(median_cut(row_of({kBlack, kWhite, kBlack}), 8), ElementsAre(kWhite, kBlack));
  EXPECT_THAT(median_cut(row_of({kGrey}), 256), ElementsAre(kGrey));
}

TEST(MedianCut, OneColourIsTheRoundedMean) {
  EXPECT_THAT(median_cut(row_of({{0, 0, 0}, {1, 2, 4}}), 1), ElementsAre(Colour{1, 1, 2}));
}

TEST(MedianCut, CutsBehindHalfOfThePixels) {
  // Green counts most. Two of four pixels are not yet more than half, three are.
  const Palette palette = median_cut(row_of({{0, 200, 0}, {0, 210, 0}, {0, 10, 0}, {0, 30, 0}}), 2);
  EXPECT_THAT(palette, ElementsAre(Colour{0, 147, 0}, Colour{0, 10, 0}));
}

TEST(MedianCut, GroupsColoursWhenThereAreVeryMany) {
  Bytes picture{.height = 300, .width = 300, .channels = 3, .values = {}};
  for (int i = 0; i < 90000; ++i) {
    for (const int part : {i % 256, i / 256 % 256, i / 7 % 256}) {
      picture.values.push_back(static_cast<std::uint8_t>(part));
    }
  }
  EXPECT_EQ(median_cut(picture, 256).size(), 256U);
}

TEST(Palette, LooksUpTheCornerOfACell) {
  PaletteMap map({{10, 0, 0}, {8, 0, 0}});
  EXPECT_EQ(map.nearest({10, 0, 0}), (Colour{8, 0, 0}));
  EXPECT_EQ(map.nearest({12, 0, 0}), (Colour{10, 0, 0}));
}

TEST(Palette, DiffusionHandsErrorsToTheRightAndBelow) {
  Bytes grey = row_of(std::vector<Colour>(6, kGrey));
  grey.width = 3;
  grey.height = 2;
  // 100, 100 + 7 * 100 / 16 = 143, 100 - 7 * 112 / 16 = 51; below 110, 128 and 54.
  EXPECT_EQ(draw_diffused(grey, {kBlack, kWhite}).values,
            row_of({kBlack, kWhite, kBlack, kBlack, kWhite, kBlack}).values);
  EXPECT_THAT(draw_nearest(grey, {kBlack, kWhite}).values, Each(0));
}

TEST(Palette, AnOrderedPatternIsAddedBeforeDrawing) {
  // Two colours: a spread of 256. The first cells of the pattern of side 2 are -3/8 and 1/8.
  const Bytes drawn = draw_ordered(row_of({kGrey, kGrey}), {kBlack, kWhite}, 2);
  EXPECT_THAT(drawn.values, ElementsAre(0, 0, 0, 255, 255, 255));
  EXPECT_THROW(static_cast<void>(draw_ordered(row_of({kGrey}), {kBlack}, 3)), Error);
}

TEST(Quantize, UsesAsManyColoursAsAskedForWithEveryDither) {
  const Array images = noise({2, 9, 11, 3}, 4);
  for (const std::string& dither : dither_names()) {
    const Array drawn = quantize(images, 6, dither);
    ASSERT_EQ(drawn.shape(), images.shape());
    std::set<std::array<float, 3>> colours;
    for (std::size_t i = 0; i < drawn.size() / 2; i += 3)
      colours.insert({drawn[i], drawn[i + 1], drawn[i + 2]});
    EXPECT_LE(colours.size(), 7U) << dither;  // with black
    EXPECT_GE(colours.size(), 3U) << dither;
  }
}

TEST(Quantize, RefusesWhatItCannotDo) {
  EXPECT_THAT(
      [] {
        static_cast<void>(quantize(Array({1, 1, 1, 4}), 8, "none"));
      },
      ThrowsMessage<Error>(HasSubstr("got 4 channels")));
  EXPECT_THROW(static_cast<void>(quantize(Array({1, 1, 1, 3}), 0, "none")), Error);
  EXPECT_THROW(static_cast<void>(quantize(Array({1, 1, 1, 3}), 257, "none")), Error);
  EXPECT_THROW(static_cast<void>(quantize(Array({1, 1, 1, 3}), 8, "bayer-3")), Error);
}

TEST(Lab, WhiteAndBlackAreTheEnds) {
  const Triple white = rgb_to_lab({1, 1, 1});
  EXPECT_NEAR(white[0], 100, 1e-3);
  EXPECT_NEAR(white[1], 0, 0.02);
  EXPECT_NEAR(white[2], 0, 0.02);
  EXPECT_NEAR(rgb_to_lab({0, 0, 0})[0], 0, 1e-4);
}

TEST(Lab, ComesBack) {
  for (const Triple rgb : {Triple{0.2, 0.7, 0.4}, Triple{0.01, 0.02, 0.9}, Triple{0, 0, 0}}) {
    const Triple back = lab_to_rgb(rgb_to_lab(rgb));
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(back[c], rgb[c], 1e-4);
  }
}

TEST(Matrix3, EigenvectorsMakeTheMatrixAgain) {
  const Matrix3 a{{{4, 1, -2}, {1, 3, 0.5}, {-2, 0.5, 1}}};
  const Eigen eigen = eigen_of_symmetric(a);
  const Matrix3 again =
      product(eigen.vectors, product(diagonal(eigen.values), transposed(eigen.vectors)));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(again[i][j], a[i][j], 1e-12);
  }
}

// Mean and covariance of L, a, b.
std::array<double, 9> moments(const Array& images) {
  std::array<double, 9> sums{};
  const auto count = static_cast<double>(images.size() / 3);
  for (std::size_t i = 0; i < images.size(); i += 3) {
    const Triple lab = rgb_to_lab({images[i], images[i + 1], images[i + 2]});
    for (std::size_t c = 0; c < 3; ++c) {
      sums[c] += lab[c] / count;
      sums[3 + c] += lab[c] * lab[c] / count;
      sums[6 + c] += lab[c] * lab[(c + 1) % 3] / count;
    }
  }
  return sums;
}

TEST(ColourTransfer, GivesTheMomentsOfTheReference) {
  const Array images = noise({1, 20, 20, 3}, 1);
  Array reference = noise({1, 16, 24, 3}, 2);
  for (std::size_t i = 0; i < reference.size(); i += 3) reference[i] += 0.1F;
  const auto want = moments(reference);
  const auto linear =
      moments(transfer_colours(images, reference, {.method = ColourMethod::mkl_lab}));
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_NEAR(linear[i], want[i], 1e-2 * (1 + std::abs(want[i])));
  const auto reinhard = moments(transfer_colours(images, reference, {}));
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(reinhard[i], want[i], 1e-2 * (1 + std::abs(want[i])));
}

TEST(ColourTransfer, HistogramMovesStepsToThoseOfTheReference) {
  const Array images({1, 1, 2, 3}, {0, 0, 0, 1, 1, 1});
  const Array reference({1, 1, 2, 3}, {0.2F, 0.4F, 0.6F, 0.4F, 0.6F, 0.8F});
  const Array moved = transfer_colours(images, reference, {.method = ColourMethod::histogram});
  EXPECT_THAT(moved.values(),
              Pointwise(FloatNear(1.01F / 255), {0.2F, 0.4F, 0.6F, 0.4F, 0.6F, 0.8F}));
}

TEST(ColourTransfer, StrengthZeroIsThePictureAndOwnColoursStay) {
  const Array images = noise({2, 5, 5, 3}, 3);
  EXPECT_THAT(transfer_colours(images, noise({1, 4, 4, 3}, 5), {.strength = 0}).values(),
              testing::ElementsAreArray(images.values()));
  for (const std::string& source : colour_source_names()) {
    const Array same = transfer_colours(
        images.slice(0, 1), images.slice(0, 1),
        {.method = ColourMethod::mkl_lab, .source = colour_source(source), .frame = 9});
    EXPECT_THAT(same.values(), Pointwise(FloatNear(1e-4F), images.slice(0, 1).values())) << source;
  }
}

TEST(ColourTransfer, TakesPicturesOfOnePixelAndRefusesOtherChannels) {
  const Array pixel({1, 1, 1, 3}, 0.5F);
  for (const std::string& method : colour_method_names()) {
    const Array moved =
        transfer_colours(pixel, noise({1, 3, 3, 3}, 1), {.method = colour_method(method)});
    EXPECT_THAT(moved.values(), Each(testing::AllOf(testing::Ge(0), testing::Le(1)))) << method;
  }
  EXPECT_THROW(static_cast<void>(transfer_colours(Array({1, 1, 1, 4}), pixel, {})), Error);
  EXPECT_THROW(static_cast<void>(colour_method("lab")), Error);
  EXPECT_THROW(static_cast<void>(colour_source("all")), Error);
}

}  // namespace
}  // namespace sagitta
