#include "sagitta/io/image.h"

#include "sagitta/base/error.h"
#include "sagitta/io/codecs.h"
#include "sagitta/io/file.h"
#include "sagitta/io/png.h"
#include "sagitta/io/png_chunks.h"

#include <algorithm>

namespace sagitta::io {

Image decode_image(std::span<const std::byte> bytes, const std::string& name) {
  if (is_png(bytes)) return decode_png(bytes, name);
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name);
  if (is_webp(bytes)) return decode_webp(bytes, name);
  throw Error(Fault::bad_file, fmt::format("{}: neither PNG, JPEG nor WebP", name));
}

Image load_image(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  return decode_image(bytes_of(content), path.string());
}

std::vector<std::uint8_t> to_bytes(std::span<const float> values) {
  std::vector<std::uint8_t> bytes(values.size());
  std::ranges::transform(values, bytes.begin(), [](float value) {
    const float scaled = 255.0F * value;
    // Written so that NaN fails the first comparison.
    return static_cast<std::uint8_t>(scaled > 0.0F ? std::min(scaled, 255.0F) : 0.0F);
  });
  return bytes;
}

void require_image_size(std::int64_t height, std::int64_t width, const std::string& name) {
  require(height > 0 && width > 0 && std::max(height, width) <= kMaxImageSide &&
              height * width <= kMaxImagePixels,
          Fault::bad_file,
          "{}: a picture of {}x{} pixels is beyond the limits (side {}, pixels {})", name, width,
          height, kMaxImageSide, kMaxImagePixels);
}

}  // namespace sagitta::io
