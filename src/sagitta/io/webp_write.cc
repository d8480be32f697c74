#include "sagitta/base/error.h"
#include "sagitta/io/codecs.h"

#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>

namespace sagitta::io {
namespace {

constexpr float kQuality = 95;

struct DeleteMux {
  void operator()(WebPMux* mux) const { WebPMuxDelete(mux); }
};

struct FreeBytes {
  void operator()(std::uint8_t* bytes) const { WebPFree(bytes); }
};
using Bytes = std::unique_ptr<std::uint8_t, FreeBytes>;

}  // namespace

std::vector<std::byte> encode_webp(const Rgb8& rgb, std::span<const std::byte> exif) {
  std::uint8_t* encoded = nullptr;
  const std::size_t size =
      WebPEncodeRGB(rgb.samples.data(), rgb.width, rgb.height, rgb.width * 3, kQuality, &encoded);
  const Bytes picture(encoded);
  require(size > 0, Fault::internal, "encoding a WebP of {}x{} pixels failed", rgb.width,
          rgb.height);
  const auto plain = std::as_bytes(std::span(encoded, size));
  if (exif.empty()) return {plain.begin(), plain.end()};

  const std::unique_ptr<WebPMux, DeleteMux> mux(WebPMuxNew());
  const WebPData data{encoded, size};
  const WebPData chunk{reinterpret_cast<const std::uint8_t*>(exif.data()), exif.size()};
  WebPData whole{};
  const bool ok = mux != nullptr && WebPMuxSetImage(mux.get(), &data, 0) == WEBP_MUX_OK &&
                  WebPMuxSetChunk(mux.get(), "EXIF", &chunk, 0) == WEBP_MUX_OK &&
                  WebPMuxAssemble(mux.get(), &whole) == WEBP_MUX_OK;
  require(ok, Fault::out_of_memory, "no memory for the EXIF data of a WebP");
  const Bytes owner(const_cast<std::uint8_t*>(whole.bytes));
  const auto bytes = std::as_bytes(std::span(whole.bytes, whole.size));
  return {bytes.begin(), bytes.end()};
}

}  // namespace sagitta::io
