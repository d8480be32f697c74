#include "sagitta/io/png.h"

#include "io/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Array gradient(std::int64_t height, std::int64_t width) {
  Array image({1, height, width, 3});
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 256) / 255.0F;
  return image;
}

TEST(WritePng, BytesSurviveARoundTrip) {
  const TemporaryFolder folder;
  const Array image = gradient(13, 17);
  write_png(folder / "x.png", image);
  EXPECT_EQ(to_bytes(read_png(folder / "x.png").pixels.values()), to_bytes(image.values()));
}

TEST(WritePng, TakesImagesWithoutABatchAxis) {
  const auto bytes = encode_png(gradient(2, 3).reshaped({2, 3, 3}));
  EXPECT_EQ(decode_png(bytes, "x").pixels.shape(), (Shape{1, 2, 3, 3}));
}

TEST(WritePng, CarriesTexts) {
  const TemporaryFolder folder;
  const std::string plain = "caf\xC3\xA9\n{\"1\": {}}";
  const std::string wide = "\xE2\x82\xAC \xF0\x9F\x90\x88";
  write_png(folder / "x.png", gradient(1, 1), {{"prompt", plain}, {"workflow", wide}, {"e", ""}});
  EXPECT_THAT(read_png_text(folder / "x.png"),
              testing::ElementsAre(std::pair("e", ""), std::pair("prompt", plain),
                                   std::pair("workflow", wide)));
  const std::string file = content_of(folder / "x.png");
  EXPECT_THAT(file, HasSubstr(std::string("tEXtprompt\0caf\xE9", 15)));
  EXPECT_THAT(file, HasSubstr(std::string("iTXtworkflow\0\0\0\0\0\xE2\x82\xAC", 20)));
  EXPECT_LT(file.find("tEXt"), file.find("IDAT"));
}

TEST(WritePng, RefusesTextsThatAPngCannotHold) {
  const Array image = gradient(1, 1);
  const auto refusal = [&](std::string keyword, std::string text) {
    return error_of([&] { (void)encode_png(image, {{keyword, text}}); });
  };
  EXPECT_THAT(refusal("", "x"), StartsWith("bad_input"));
  EXPECT_THAT(refusal(std::string(80, 'k'), "x"), HasSubstr("1 to 79"));
  EXPECT_EQ(refusal(std::string(79, 'k'), "x"), "");
  EXPECT_THAT(refusal("\xE2\x82\xAC", "x"), HasSubstr("Latin-1"));
  EXPECT_THAT(refusal("k", std::string("a\0b", 3)), HasSubstr("zero byte"));
  EXPECT_THAT(refusal("k", "\xFF"), HasSubstr("UTF-8"));
}

TEST(WritePng, RefusesOtherShapes) {
  for (const Shape& shape : {Shape{2, 4, 4, 3}, Shape{1, 4, 4, 4}, Shape{4, 4}, Shape{3}, Shape{},
                             Shape{1, 0, 4, 3}, Shape{1, 40000, 1, 3}}) {
    EXPECT_THAT(error_of([&] { (void)encode_png(Array(shape)); }), StartsWith("bad_input"))
        << to_string(shape);
  }
}

TEST(WritePng, LeavesNothingBehindInAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { write_png(folder / "none/x.png", gradient(1, 1)); }),
              AllOf(StartsWith("bad_file"), HasSubstr("none/x.png")));
  EXPECT_EQ(folder.count(), 0U);
}

}  // namespace
}  // namespace sagitta::io
