#include "sagitta/io/webp_animation.h"

#include "sagitta/base/error.h"
#include "sagitta/io/image.h"

#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>

namespace sagitta::io {
namespace {

struct DeleteEncoder {
  void operator()(WebPAnimEncoder* encoder) const { WebPAnimEncoderDelete(encoder); }
};
using Encoder = std::unique_ptr<WebPAnimEncoder, DeleteEncoder>;

// Frees what the libraries allocated in it.
struct Picture : WebPPicture {
  Picture() : WebPPicture{} {
    require(WebPPictureInit(this) != 0, Fault::internal,
            "libwebp has another version than its header");
  }
  ~Picture() { WebPPictureFree(this); }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
};

struct Data : WebPData {
  Data() : WebPData{} { WebPDataInit(this); }
  ~Data() { WebPDataClear(this); }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
};

[[noreturn]] void fail(const Encoder& encoder) {
  throw Error(Fault::internal,
              fmt::format("encoding an animated WebP: {}", WebPAnimEncoderGetError(encoder.get())));
}

void add_frame(const Encoder& encoder, const Array& frame, int timestamp,
               const WebPConfig& config) {
  const std::vector<std::uint8_t> bytes = to_bytes(frame.values());
  Picture picture;
  picture.use_argb = 1;
  picture.height = static_cast<int>(frame.dim(0));
  picture.width = static_cast<int>(frame.dim(1));
  require(WebPPictureImportRGB(&picture, bytes.data(), picture.width * 3) != 0,
          Fault::out_of_memory, "no memory for a WebP frame of {}x{}", picture.width,
          picture.height);
  if (WebPAnimEncoderAdd(encoder.get(), &picture, timestamp, &config) == 0) fail(encoder);
}

}  // namespace

std::vector<std::byte> encode_webp_animation(const std::vector<Array>& frames,
                                             const AnimationParams& params) {
  require(!frames.empty(), Fault::bad_input, "an animation has at least one frame");
  const Shape& shape = frames.front().shape();
  for (const Array& frame : frames) {
    require(frame.rank() == 3 && frame.dim(2) == 3 && frame.shape() == shape, Fault::bad_input,
            "frames of an animation have one shape (height, width, 3), got {} and {}",
            to_string(shape), to_string(frame.shape()));
  }
  require(shape[0] > 0 && shape[1] > 0 && shape[0] <= WEBP_MAX_DIMENSION &&
              shape[1] <= WEBP_MAX_DIMENSION,
          Fault::bad_input, "a WebP picture has sides of 1 to {} pixels, got {}x{}",
          WEBP_MAX_DIMENSION, shape[1], shape[0]);

  WebPAnimEncoderOptions options{};
  WebPConfig config{};
  require(WebPAnimEncoderOptionsInit(&options) != 0 && WebPConfigInit(&config) != 0,
          Fault::internal, "libwebp has another version than its header");
  config.quality = params.quality;
  const Encoder encoder(
      WebPAnimEncoderNew(static_cast<int>(shape[1]), static_cast<int>(shape[0]), &options));
  require(encoder != nullptr, Fault::out_of_memory, "no memory for an animated WebP");
  int timestamp = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    add_frame(encoder, frames[i], timestamp, config);
    timestamp += i + 1 < frames.size() ? params.milliseconds : params.last_milliseconds;
  }
  Data data;
  if (WebPAnimEncoderAdd(encoder.get(), nullptr, timestamp, nullptr) == 0 ||
      WebPAnimEncoderAssemble(encoder.get(), &data) == 0) {
    fail(encoder);
  }
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data.bytes, data.size));
  return {bytes.begin(), bytes.end()};
}

}  // namespace sagitta::io
