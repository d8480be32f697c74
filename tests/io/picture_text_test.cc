// What pictures of every format say about how they were made.
#include "sagitta/io/picture_text.h"
#include "io/support.h"
#include "sagitta/io/exif_text.h"
#include "sagitta/io/picture_write.h"

#include <gmock/gmock.h>

namespace sagitta::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// Beyond Latin-1 and beyond 16 bits.
const PngText kTexts = {
    {"prompt", R"({"3": "fox"})"},
    {"workflow", R"({"nodes": []})"},
    {"parameters", "a fuchs \xC3\xBC \xE7\x8B\x90 \xF0\x9F\xA6\x8A\nSteps: 20"}};

Array gradient(std::int64_t height, std::int64_t width) {
  Array image({1, height, width, 3});
  const auto count = static_cast<std::size_t>(height * width);
  for (std::size_t i = 0; i < count * 3; ++i) {
    image[i] = static_cast<float>(i / 3) / static_cast<float>(count);
  }
  return image;
}

class EveryFormat : public testing::TestWithParam<PictureFormat> {};

TEST_P(EveryFormat, CarriesTheTextsAndThePicture) {
  const Array image = gradient(24, 40);
  const std::vector<std::byte> bytes = encode_picture(image, GetParam(), kTexts);
  EXPECT_TRUE(is_picture(bytes));
  EXPECT_THAT(decode_picture_text(bytes, "x"),
              ElementsAre(Pair("parameters", kTexts[2].second), Pair("prompt", kTexts[0].second),
                          Pair("workflow", kTexts[1].second)));
  const Image back = decode_image(bytes, "x");
  ASSERT_EQ(back.pixels.shape(), image.shape());
  float worst = 0;
  for (std::size_t i = 0; i < image.values().size(); ++i) {
    worst = std::max(worst, std::abs(back.pixels[i] - image[i]));
  }
  EXPECT_LT(worst, 0.04F);
}

TEST_P(EveryFormat, MayHaveNoTexts) {
  const std::vector<std::byte> bytes = encode_picture(gradient(8, 8), GetParam());
  EXPECT_THAT(decode_picture_text(bytes, "x"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         testing::Values(PictureFormat::png, PictureFormat::jpeg,
                                         PictureFormat::webp));

TEST(PictureFormat, IsInTheName) {
  EXPECT_EQ(format_of("a/cat.PNG"), PictureFormat::png);
  EXPECT_EQ(format_of("cat.jpg"), PictureFormat::jpeg);
  EXPECT_EQ(format_of("cat.JPEG"), PictureFormat::jpeg);
  EXPECT_EQ(format_of("cat.webp"), PictureFormat::webp);
  EXPECT_FALSE(format_of("cat.gif").has_value());
}

TEST(PictureWrite, RefusesSidesThatWebpCannotHold) {
  const Array image({1, 1, 16384, 3});
  EXPECT_THAT(error_of([&] { (void)encode_picture(image, PictureFormat::webp); }),
              HasSubstr("16384x1 pixels do not fit"));
  EXPECT_NO_THROW((void)encode_picture(image, PictureFormat::jpeg));
}

TEST(PictureWrite, AJpegKeepsOfTheTextsWhatFits) {
  const PngText texts = {{"workflow", std::string(70'000, 'w')}, {"prompt", "p"}, {"other", "o"}};
  const std::vector<std::byte> bytes = encode_picture(gradient(8, 8), PictureFormat::jpeg, texts);
  EXPECT_THAT(decode_picture_text(bytes, "x"), ElementsAre(Pair("prompt", "p")));
  const std::vector<std::byte> webp = encode_picture(gradient(8, 8), PictureFormat::webp, texts);
  EXPECT_EQ(decode_picture_text(webp, "x").at("workflow").size(), 70'000U);
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// EXIF data whose only entry is a comment of these bytes.
std::string with_comment(const std::string& comment) {
  std::vector<std::string> left_out;
  const std::string marker(comment.size() > 8 ? (comment.size() - 8) / 2 : 0, 'x');
  std::string data = text_of(make_exif({{"parameters", marker}}, 1 << 20, left_out));
  data.replace(data.size() - comment.size(), comment.size(), comment);
  return data;
}

std::string comment_in(const std::string& bytes) {
  const auto texts = exif_texts(as_bytes(with_comment(bytes)));
  const auto it = texts.find("parameters");
  return it == texts.end() ? "none" : it->second;
}

TEST(ExifText, CommentsComeInSeveralEncodings) {
  using namespace std::string_literals;
  EXPECT_EQ(comment_in("UNICODE\0\0a\0b"s), "ab");
  EXPECT_EQ(comment_in("UNICODE\0a\0b\0"s), "ab") << "little-endian";
  EXPECT_EQ(comment_in("UNICODE\0\xFF\xFE\x3B\x04"s), "\xD0\xBB") << "by the mark";
  EXPECT_EQ(comment_in("UNICODE\0\xD8\x3E\xDD\x8A"s), "\xF0\x9F\xA6\x8A");
  EXPECT_EQ(comment_in("UNICODE\0\xD8\x3E\0a"s), "\xEF\xBF\xBD"s + "a") << "half a pair";
  EXPECT_EQ(comment_in("ASCII\0\0\0plain\0"s), "plain");
  EXPECT_EQ(comment_in("\0\0\0\0\0\0\0\0\xC3\xBC"s), "\xC3\xBC");
  EXPECT_EQ(comment_in("\0\0\0\0\0\0\0\0\xFCxx\0"s), "\xC3\xBCxx") << "Latin-1";
  EXPECT_EQ(comment_in("no code before it!"s), "no code before it!");
  EXPECT_EQ(comment_in("UNICODE\0\0\0"s), "none");
}

TEST(ExifText, AnyTagMayHoldTheWorkflow) {
  // Little-endian, one directory: ImageDescription "Workflow:{}" and Make "maker: no".
  using namespace std::string_literals;
  const std::string data = "II\x2A\0\x08\0\0\0\x02\0"s + "\x0E\x01\x02\0\x0C\0\0\0\x26\0\0\0"s +
                           "\x0F\x01\x02\0\x0A\0\0\0\x32\0\0\0"s + "\0\0\0\0"s +
                           "Workflow:{}\0maker: no\0"s;
  EXPECT_THAT(exif_texts(as_bytes(data)), ElementsAre(Pair("workflow", "{}")));
  EXPECT_THAT(exif_texts(as_bytes("Exif\0\0"s + data)), ElementsAre(Pair("workflow", "{}")));
}

TEST(ExifText, BrokenDataHoldNothingOrLess) {
  std::vector<std::string> left_out;
  const std::string whole = text_of(make_exif(kTexts, 1 << 20, left_out));
  EXPECT_THAT(left_out, IsEmpty());
  EXPECT_EQ(exif_texts(as_bytes(whole)).size(), 3U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_LT(exif_texts(as_bytes(std::string_view(whole).substr(0, size))).size(), 3U) << size;
  }
}

TEST(PictureText, OfAPngMayBeInEitherPlace) {
  using namespace std::string_literals;
  std::vector<std::string> left_out;
  const std::string exif =
      text_of(make_exif({{"parameters", "exif"}, {"prompt", "exif"}}, 9999, left_out));
  const std::string png =
      png_file({}, "\0\1\2\3"s, {png_chunk("eXIf", exif), png_chunk("tEXt", "prompt\0chunk"s)});
  EXPECT_THAT(decode_picture_text(as_bytes(png), "x"),
              ElementsAre(Pair("parameters", "exif"), Pair("prompt", "chunk")));
}

TEST(PictureText, IsInPicturesOnly) {
  EXPECT_FALSE(is_picture(as_bytes("{}")));
  EXPECT_THAT(error_of([] { (void)decode_picture_text(as_bytes("{}"), "x"); }),
              HasSubstr("bad_file: x: neither PNG"));
}

}  // namespace
}  // namespace sagitta::io
