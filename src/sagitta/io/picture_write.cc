#include "sagitta/io/picture_write.h"

#include "sagitta/base/error.h"
#include "sagitta/base/log.h"
#include "sagitta/io/codecs.h"
#include "sagitta/io/exif_text.h"

#include <algorithm>
#include <cctype>

namespace sagitta::io {
namespace {

std::vector<std::byte> exif_of(const PngText& text, std::size_t limit) {
  std::vector<std::string> left_out;
  std::vector<std::byte> exif = make_exif(text, limit, left_out);
  for (const std::string& name : left_out) {
    log(LogLevel::warning, "the picture's {} does not fit into its EXIF data and is left out",
        name);
  }
  return exif;
}

}  // namespace

std::optional<PictureFormat> format_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".png") return PictureFormat::png;
  if (ending == ".jpg" || ending == ".jpeg") return PictureFormat::jpeg;
  if (ending == ".webp") return PictureFormat::webp;
  return std::nullopt;
}

std::vector<std::byte> encode_picture(const Array& image, PictureFormat format,
                                      const PngText& text) {
  if (format == PictureFormat::png) return encode_png(image, text);
  const Shape& shape = image.shape();
  const std::size_t rank = shape.size();
  const bool fits = (rank == 3 || (rank == 4 && shape[0] == 1)) && shape[rank - 1] == 3;
  require(fits, Fault::bad_input, "a picture wants an image of shape 1xHxWx3, got {}",
          to_string(shape));
  const std::int64_t height = shape[rank - 3];
  const std::int64_t width = shape[rank - 2];
  const std::int64_t most = format == PictureFormat::jpeg ? kMaxImageSide : kMaxWebpSide;
  require(std::min(height, width) > 0 && std::max(height, width) <= most &&
              height * width <= kMaxImagePixels,
          Fault::bad_input, "{}x{} pixels do not fit the format, whose side is at most {}", width,
          height, most);
  const Rgb8 rgb{.width = static_cast<int>(width),
                 .height = static_cast<int>(height),
                 .samples = to_bytes(image.values())};
  if (format == PictureFormat::jpeg) return encode_jpeg(rgb, exif_of(text, kMaxJpegExif));
  constexpr std::size_t kMaxWebpExif = std::size_t{1} << 28U;
  return encode_webp(rgb, exif_of(text, kMaxWebpExif));
}

}  // namespace sagitta::io
