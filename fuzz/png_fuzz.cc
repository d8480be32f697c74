// Any bytes are a picture or an error, and so are the texts of a PNG. JPEG and WebP go the same
// way, since files are recognised by their content.
#include "sagitta/base/error.h"
#include "sagitta/io/image.h"
#include "sagitta/io/picture_text.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    (void)sagitta::io::decode_image(bytes, "input");
  } catch (const sagitta::Error&) {  // what broken input is expected to give
  }
  try {
    (void)sagitta::io::decode_picture_text(bytes, "input");
  } catch (const sagitta::Error&) {
  }
  return 0;
}
