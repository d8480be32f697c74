#include "sagitta/io/png.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Image decode(const std::string& file) { return decode_png(as_bytes(file), "some.png"); }

std::string refusal(const std::string& file) {
  return error_of([&] { (void)decode(file); });
}

std::string row(std::initializer_list<int> samples) {
  std::string out(1, '\0');  // no filter
  for (const int sample : samples) out += static_cast<char>(sample);
  return out;
}

TEST(ReadPng, RgbBytesAreDividedBy255) {
  const Image image = decode(png_file({.width = 2, .height = 1}, row({0, 51, 255, 102, 153, 204})));
  EXPECT_THAT(image.pixels.shape(), ElementsAre(1, 1, 2, 3));
  EXPECT_THAT(image.pixels.values(),
              ElementsAre(0, 51 / 255.0F, 1, 102 / 255.0F, 153 / 255.0F, 204 / 255.0F));
  EXPECT_FALSE(image.alpha.has_value());
}

TEST(ReadPng, SixteenBitsKeepTheirPrecision) {
  const Image image = decode(png_file({.depth = 16}, row({0x12, 0x34, 0xFF, 0xFF, 0, 1})));
  EXPECT_THAT(image.pixels.values(), ElementsAre(0x1234 / 65535.0F, 1, 1 / 65535.0F));
}

TEST(ReadPng, AlphaIsKeptApart) {
  const Image image = decode(png_file({.width = 1, .height = 2, .colour = 6},
                                      row({255, 0, 51, 51}) + row({0, 0, 0, 255})));
  EXPECT_THAT(image.pixels.values(), ElementsAre(1, 0, 0.2F, 0, 0, 0));
  ASSERT_TRUE(image.alpha.has_value());
  EXPECT_THAT(image.alpha->shape(), ElementsAre(2, 1));
  EXPECT_THAT(image.alpha->values(), ElementsAre(0.2F, 1));
}

TEST(ReadPng, GrayOfEveryDepthBecomesRgb) {
  // Bits 1 0 1, then 0b11 0b01, then 0xF 0x3.
  EXPECT_THAT(decode(png_file({.width = 3, .depth = 1, .colour = 0}, row({0xA0}))).pixels.values(),
              ElementsAre(1, 1, 1, 0, 0, 0, 1, 1, 1));
  EXPECT_THAT(decode(png_file({.width = 2, .depth = 2, .colour = 0}, row({0xD0}))).pixels.values(),
              ElementsAre(1, 1, 1, 1 / 3.0F, 1 / 3.0F, 1 / 3.0F));
  EXPECT_THAT(decode(png_file({.width = 2, .depth = 4, .colour = 0}, row({0xF3}))).pixels.values(),
              ElementsAre(1, 1, 1, 0.2F, 0.2F, 0.2F));
  EXPECT_THAT(decode(png_file({.depth = 8, .colour = 0}, row({51}))).pixels.values(),
              ElementsAre(0.2F, 0.2F, 0.2F));
}

TEST(ReadPng, GrayWithAlpha) {
  const Image image = decode(png_file({.colour = 4}, row({51, 102})));
  EXPECT_THAT(image.pixels.values(), ElementsAre(0.2F, 0.2F, 0.2F));
  EXPECT_THAT(image.alpha->values(), ElementsAre(0.4F));
}

TEST(ReadPng, PaletteWithTransparency) {
  const std::vector<std::string> chunks = {
      png_chunk("PLTE", std::string("\xFF\x00\x00\x00\xFF\x00", 6)),
      png_chunk("tRNS", std::string("\x33", 1))};
  const Image image = decode(png_file({.width = 2, .depth = 8, .colour = 3}, row({0, 1}), chunks));
  EXPECT_THAT(image.pixels.values(), ElementsAre(1, 0, 0, 0, 1, 0));
  EXPECT_THAT(image.alpha->values(), ElementsAre(0.2F, 1));
}

TEST(ReadPng, InterlacedEqualsPlain) {
  constexpr int kWidth = 11;
  constexpr int kHeight = 9;
  const auto sample = [](int y, int x) { return (y * kWidth + x) * 2; };
  std::string plain;
  for (int y = 0; y < kHeight; ++y) {
    plain += '\0';
    for (int x = 0; x < kWidth; ++x) plain += static_cast<char>(sample(y, x));
  }
  struct Pass {
    int x, y, dx, dy;
  };
  std::string passes;
  for (const Pass& pass : {Pass{0, 0, 8, 8}, Pass{4, 0, 8, 8}, Pass{0, 4, 4, 8}, Pass{2, 0, 4, 4},
                           Pass{0, 2, 2, 4}, Pass{1, 0, 2, 2}, Pass{0, 1, 1, 2}}) {
    for (int y = pass.y; y < kHeight; y += pass.dy) {
      passes += '\0';
      for (int x = pass.x; x < kWidth; x += pass.dx) passes += static_cast<char>(sample(y, x));
    }
  }
  const Image a = decode(png_file({.width = kWidth, .height = kHeight, .colour = 0}, plain));
  const Image b = decode(
      png_file({.width = kWidth, .height = kHeight, .colour = 0, .interlaced = true}, passes));
  EXPECT_TRUE(std::ranges::equal(a.pixels.values(), b.pixels.values()));
}

TEST(ReadPng, ExifOrientationIsApplied) {
  const std::string file = png_file({.width = 2, .height = 1}, row({255, 0, 0, 0, 0, 0}),
                                    {png_chunk("eXIf", exif_with_orientation(6))});
  const Image image = decode(file);
  EXPECT_THAT(image.pixels.shape(), ElementsAre(1, 2, 1, 3));
  EXPECT_THAT(image.pixels.values(), ElementsAre(1, 0, 0, 0, 0, 0));
}

TEST(ReadPng, TruncatedDataAreAnErrorAtEveryLength) {
  const std::string whole = png_file({.width = 2, .height = 1}, row({1, 2, 3, 4, 5, 6}));
  // Without its last 12 bytes only IEND is missing; the picture is complete.
  for (std::size_t size = 0; size + 16 < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), StartsWith("bad_file: some.png")) << size;
  }
}

TEST(ReadPng, EveryFlippedByteIsRefusedOrHarmless) {
  const std::string whole = png_file({.width = 2, .height = 1}, row({1, 2, 3, 4, 5, 6}));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string broken = whole;
    broken[i] = static_cast<char>(broken[i] ^ 0x55);
    EXPECT_THAT(refusal(broken), testing::AnyOf("", StartsWith("bad_file: some.png"))) << i;
  }
}

TEST(ReadPng, RefusesSizesThatTheFileCannotHold) {
  const std::string huge = png_file({.width = 11000, .height = 11000}, row({1, 2, 3}));
  EXPECT_THAT(refusal(huge), AllOf(HasSubstr("11000x11000"), HasSubstr("cannot hold")));
  EXPECT_THAT(refusal(png_file({.width = 40000, .height = 1}, row({}))), HasSubstr("broken PNG"));
  EXPECT_THAT(refusal(png_file({.width = 32768, .height = 32768}, row({}))),
              HasSubstr("more than"));
  EXPECT_THAT(refusal(png_file({.width = 0, .height = 1}, row({}))), HasSubstr("broken PNG"));
}

TEST(ReadPng, RefusesOtherFiles) {
  EXPECT_THAT(refusal("GIF89a"), HasSubstr("no PNG"));
  EXPECT_THAT(refusal(""), HasSubstr("no PNG"));
}

}  // namespace
}  // namespace sagitta::io
