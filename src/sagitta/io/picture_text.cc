#include "sagitta/io/picture_text.h"

#include "sagitta/base/error.h"
#include "sagitta/io/codecs.h"
#include "sagitta/io/exif_text.h"
#include "sagitta/io/png.h"
#include "sagitta/io/png_chunks.h"

namespace sagitta::io {

bool is_picture(std::span<const std::byte> bytes) {
  return is_png(bytes) || is_jpeg(bytes) || is_webp(bytes);
}

std::map<std::string, std::string> decode_picture_text(std::span<const std::byte> bytes,
                                                       const std::string& name) {
  require(is_picture(bytes), Fault::bad_file, "{}: neither PNG, JPEG nor WebP", name);
  if (is_jpeg(bytes)) return exif_texts(find_jpeg_exif(bytes));
  if (is_webp(bytes)) return exif_texts(find_webp_exif(bytes));
  std::map<std::string, std::string> texts = decode_png_text(bytes, name);
  texts.merge(exif_texts(find_png_exif(bytes)));
  return texts;
}

}  // namespace sagitta::io
