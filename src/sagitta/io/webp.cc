#include "sagitta/base/error.h"
#include "sagitta/io/codecs.h"
#include "sagitta/io/exif.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <string_view>

namespace sagitta::io {
namespace {

const std::uint8_t* address(std::span<const std::byte> bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct DeleteAnimation {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

Image from_rgba(const std::uint8_t* rgba, std::int64_t height, std::int64_t width, bool has_alpha) {
  Image image{.pixels = Array({1, height, width, 3}), .alpha = std::nullopt};
  if (has_alpha) image.alpha = Array({height, width});
  const auto pixels = static_cast<std::size_t>(height * width);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      image.pixels[i * 3 + c] = static_cast<float>(rgba[i * 4 + c]) / 255.0F;
    }
    if (has_alpha) (*image.alpha)[i] = static_cast<float>(rgba[i * 4 + 3]) / 255.0F;
  }
  return image;
}

Image decode_first_frame(std::span<const std::byte> bytes, const std::string& name,
                         const WebPBitstreamFeatures& features) {
  const WebPData data{address(bytes), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, DeleteAnimation> decoder(
      WebPAnimDecoderNew(&data, nullptr));
  std::uint8_t* rgba = nullptr;
  int timestamp = 0;
  require(decoder != nullptr && WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp) != 0,
          Fault::bad_file, "{}: broken animated WebP", name);
  return from_rgba(rgba, features.height, features.width, features.has_alpha != 0);
}

Image decode_still(std::span<const std::byte> bytes, const std::string& name,
                   const WebPBitstreamFeatures& features) {
  std::vector<std::uint8_t> rgba(static_cast<std::size_t>(features.width) *
                                 static_cast<std::size_t>(features.height) * 4);
  require(WebPDecodeRGBAInto(address(bytes), bytes.size(), rgba.data(), rgba.size(),
                             features.width * 4) != nullptr,
          Fault::bad_file, "{}: broken WebP", name);
  return from_rgba(rgba.data(), features.height, features.width, features.has_alpha != 0);
}

}  // namespace

std::span<const std::byte> find_webp_exif(std::span<const std::byte> bytes) {
  const WebPData data{address(bytes), bytes.size()};
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
  WebPChunkIterator chunk{};
  if (demuxer == nullptr || WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) == 0) return {};
  const auto exif = std::as_bytes(std::span(chunk.chunk.bytes, chunk.chunk.size));  // of `bytes`
  WebPDemuxReleaseChunkIterator(&chunk);
  return exif;
}

bool is_webp(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.size() >= 12 && text.starts_with("RIFF") && text.substr(8, 4) == "WEBP";
}

Image decode_webp(std::span<const std::byte> bytes, const std::string& name) {
  WebPBitstreamFeatures features{};
  require(WebPGetFeatures(address(bytes), bytes.size(), &features) == VP8_STATUS_OK,
          Fault::bad_file, "{}: broken WebP header", name);
  require_image_size(features.height, features.width, name);
  Image image = features.has_animation != 0 ? decode_first_frame(bytes, name, features)
                                            : decode_still(bytes, name, features);
  return oriented(std::move(image), exif_orientation(find_webp_exif(bytes)));
}

}  // namespace sagitta::io
