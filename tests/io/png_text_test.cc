#include "io/support.h"
#include "sagitta/io/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sagitta::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Texts = std::map<std::string, std::string>;

std::string with_chunk(std::string_view type, const std::string& data) {
  return png_file({}, std::string(4, '\0'), {png_chunk(type, data)});
}

Texts texts(const std::string& file) { return decode_png_text(as_bytes(file), "some.png"); }

std::string refusal(const std::string& file) {
  return error_of([&] { (void)texts(file); });
}

constexpr std::string_view kZero("\0", 1);
constexpr std::string_view kZeros("\0\0\0\0\0", 5);

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out.append(part);
  return out;
}

TEST(PngText, PlainTextIsLatin1) {
  EXPECT_THAT(texts(with_chunk("tEXt", joined({"key", kZero, "caf\xE9"}))),
              ElementsAre(std::pair("key", "caf\xC3\xA9")));
}

TEST(PngText, PackedTextIsUnpacked) {
  const std::string text(100000, 'x');
  EXPECT_EQ(texts(with_chunk("zTXt", joined({"key", kZero, kZero, deflated(text)}))).at("key"),
            text);
}

TEST(PngText, InternationalTextIsUtf8AndMayBePacked) {
  const std::string text = "\xE2\x82\xAC";
  EXPECT_EQ(
      texts(with_chunk("iTXt", joined({"a", kZeros.substr(0, 3), "de", kZero, "b", kZero, text})))
          .at("a"),
      text);
  EXPECT_EQ(
      texts(with_chunk("iTXt", joined({"a", kZero, "\1", kZeros.substr(0, 3), deflated(text)})))
          .at("a"),
      text);
}

TEST(PngText, IsFoundBehindThePicture) {
  const std::string file = png_signature() + png_header({}) +
                           png_chunk("IDAT", deflated(std::string(4, '\0'))) +
                           png_chunk("tEXt", joined({"k", kZero, "v"})) + png_chunk("IEND", "");
  EXPECT_THAT(texts(file), ElementsAre(std::pair("k", "v")));
}

TEST(PngText, PicturesWithoutTextHaveNone) {
  EXPECT_THAT(texts(png_file({}, std::string(4, '\0'))), IsEmpty());
}

TEST(PngText, RefusesBrokenChunks) {
  EXPECT_THAT(refusal(with_chunk("tEXt", "no separator")), HasSubstr("tEXt chunk is broken"));
  EXPECT_THAT(refusal(with_chunk("zTXt", joined({"k", kZero, kZero, "no deflate"}))),
              HasSubstr("\"k\" is broken"));
  EXPECT_THAT(refusal(with_chunk("zTXt", joined({"k", kZero, "\1"}))), HasSubstr("broken"));
  EXPECT_THAT(refusal(with_chunk("iTXt", joined({"k", kZero}))), HasSubstr("broken"));
  EXPECT_THAT(refusal(with_chunk("iTXt", joined({"k", kZeros.substr(0, 5), "\xFF"}))),
              HasSubstr("UTF-8"));
  std::string bad_crc = with_chunk("tEXt", joined({"k", kZero, "value"}));
  bad_crc[bad_crc.find("value")] = 'V';
  EXPECT_THAT(refusal(bad_crc), HasSubstr("tEXt chunk is broken"));
}

TEST(PngText, RefusesTextThatUnpacksToTooMuch) {
  const std::string bomb(std::size_t{70} << 20U, 'x');
  EXPECT_THAT(refusal(with_chunk("zTXt", joined({"k", kZero, kZero, deflated(bomb)}))),
              HasSubstr("unpacks to more than"));
}

TEST(PngText, RefusesTruncatedAndOtherFiles) {
  const std::string whole = with_chunk("tEXt", joined({"k", kZero, "v"}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), StartsWith("bad_file: some.png")) << size;
  }
}

}  // namespace
}  // namespace sagitta::io
