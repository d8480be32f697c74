#include "sagitta/io/image.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <limits>

namespace sagitta::io {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::StartsWith;

Image decode(const std::string& file) { return decode_image(as_bytes(file), "some file"); }

std::string refusal(const std::string& file) {
  return error_of([&] { (void)decode(file); });
}

TEST(ToBytes, ClipsAndCutsAsComfyuiSaves) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const float values[] = {-1, 0, 0.9999F / 255, 1.5F / 255, 0.999F, 1, 7, kNan};
  EXPECT_THAT(to_bytes(values), ElementsAre(0, 0, 0, 1, 254, 255, 255, 0));
}

TEST(LoadImage, RecognisesFilesByContentAndNotByName) {
  const TemporaryFolder folder;
  const Rgb rgb = flat_rgb(3, 2, 255, 0, 51);
  const auto path = folder.file("really webp.png", webp_lossless(rgb));
  const Image image = load_image(path);
  EXPECT_THAT(image.pixels.shape(), ElementsAre(1, 2, 3, 3));
  EXPECT_EQ(to_bytes(image.pixels.values()), rgb.samples);
}

TEST(LoadImage, ReadsJpeg) {
  const Image image = decode(jpeg_file(flat_rgb(20, 10, 200, 100, 50)));
  EXPECT_THAT(image.pixels.shape(), ElementsAre(1, 10, 20, 3));
  EXPECT_FALSE(image.alpha.has_value());
  EXPECT_NEAR(image.pixels[0], 200 / 255.0, 2 / 255.0);
  EXPECT_NEAR(image.pixels[1], 100 / 255.0, 2 / 255.0);
  EXPECT_NEAR(image.pixels[2], 50 / 255.0, 2 / 255.0);
}

TEST(LoadImage, TurnsJpegsUpright) {
  Rgb rgb = flat_rgb(16, 8, 0, 0, 0);
  for (std::size_t y = 0; y < 8; ++y) {  // the right half is white
    for (std::size_t i = 8 * 3; i < 16 * 3; ++i) rgb.samples[y * 48 + i] = 255;
  }
  const Image image = decode(jpeg_file(rgb, exif_with_orientation(6)));
  EXPECT_THAT(image.pixels.shape(), ElementsAre(1, 16, 8, 3));
  EXPECT_NEAR(image.pixels[0], 0, 0.02);                        // top: the former left
  EXPECT_NEAR(image.pixels[image.pixels.size() - 1], 1, 0.02);  // bottom: the former right
}

TEST(LoadImage, RefusesTruncatedJpegs) {
  Rgb rgb = flat_rgb(64, 64, 0, 0, 0);
  for (std::size_t i = 0; i < rgb.samples.size(); ++i) {
    rgb.samples[i] = static_cast<std::uint8_t>(i * 7919 % 251);
  }
  const std::string whole = jpeg_file(rgb);
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)),
              AllOf(StartsWith("bad_file: some file: broken JPEG"), HasSubstr("Premature end")));
  EXPECT_THAT(refusal(whole.substr(0, 3)), StartsWith("bad_file: some file: broken JPEG"));
}

TEST(LoadImage, ReadsWebpWithAlpha) {
  const std::uint8_t rgba[] = {255, 0, 51, 51, 0, 255, 0, 255};
  std::uint8_t* buffer = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(rgba, 2, 1, 8, &buffer);
  const std::string file(reinterpret_cast<const char*>(buffer), size);
  WebPFree(buffer);
  const Image image = decode(file);
  EXPECT_THAT(image.pixels.values(), ElementsAre(1, 0, 0.2F, 0, 1, 0));
  EXPECT_THAT(image.alpha->values(), ElementsAre(0.2F, 1));
}

TEST(LoadImage, TakesTheFirstPictureOfAnAnimation) {
  WebPAnimEncoderOptions options;
  ASSERT_TRUE(WebPAnimEncoderOptionsInit(&options));
  WebPAnimEncoder* encoder = WebPAnimEncoderNew(4, 4, &options);
  WebPConfig config;
  ASSERT_TRUE(WebPConfigInit(&config));
  config.lossless = 1;
  for (int frame = 0; frame < 2; ++frame) {
    WebPPicture picture;
    ASSERT_TRUE(WebPPictureInit(&picture));
    picture.width = 4;
    picture.height = 4;
    picture.use_argb = 1;
    const Rgb rgb = flat_rgb(4, 4, frame == 0 ? 255 : 0, 0, 0);
    ASSERT_TRUE(WebPPictureImportRGB(&picture, rgb.samples.data(), 12));
    ASSERT_TRUE(WebPAnimEncoderAdd(encoder, &picture, frame * 100, &config));
    WebPPictureFree(&picture);
  }
  ASSERT_TRUE(WebPAnimEncoderAdd(encoder, nullptr, 200, nullptr));
  WebPData data;
  ASSERT_TRUE(WebPAnimEncoderAssemble(encoder, &data));
  const std::string file(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  WebPAnimEncoderDelete(encoder);
  EXPECT_EQ(decode(file).pixels[0], 1.0F);
}

TEST(LoadImage, RefusesTruncatedWebp) {
  const std::string whole = webp_lossless(flat_rgb(9, 9, 1, 2, 3));
  for (std::size_t size = 12; size + 2 < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), StartsWith("bad_file: some file")) << size;
  }
}

TEST(LoadImage, RefusesOtherFilesWithAClearError) {
  const TemporaryFolder folder;
  const auto text = folder.file("notes.png", "hello");
  EXPECT_THAT(error_of([&] { (void)load_image(text); }),
              AllOf(StartsWith("bad_file"), HasSubstr("notes.png"),
                    HasSubstr("neither PNG, JPEG nor WebP")));
  EXPECT_THAT(error_of([&] { (void)load_image(folder / "none.png"); }), HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { (void)load_image(folder.path()); }), HasSubstr("a folder"));
}

}  // namespace
}  // namespace sagitta::io
