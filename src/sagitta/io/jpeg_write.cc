#include "sagitta/base/error.h"
#include "sagitta/io/codecs.h"

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstdlib>
#include <string_view>

#include <jpeglib.h>

namespace sagitta::io {
namespace {

constexpr int kQuality = 95;

struct ErrorManager {
  jpeg_error_mgr base{};  // first, since libjpeg knows its address alone
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> text{};
};

[[noreturn]] void on_error(j_common_ptr codec) {
  auto& manager = *reinterpret_cast<ErrorManager*>(codec->err);
  codec->err->format_message(codec, manager.text.data());
  std::longjmp(manager.jump, 1);
}

void on_message(j_common_ptr, int) {}

class Encoder {
 public:
  Encoder() {
    codec_.err = jpeg_std_error(&manager_.base);
    manager_.base.error_exit = on_error;
    manager_.base.emit_message = on_message;
  }
  ~Encoder() {
    jpeg_destroy_compress(&codec_);
    std::free(out_);  // NOLINT: libjpeg allocates with malloc
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  std::vector<std::byte> encode(const Rgb8& rgb, const std::string& marker) {
    const bool ok = guarded([&] { write(rgb, marker); });
    require(ok, Fault::internal, "encoding a JPEG: {}", manager_.text.data());
    const auto bytes = std::as_bytes(std::span(out_, size_));
    return {bytes.begin(), bytes.end()};
  }

 private:
  // Runs calls of libjpeg, which leaves by longjmp on an error.
  template <class Body>
  bool guarded(Body body) {
    if (setjmp(manager_.jump) != 0) return false;
    body();
    return true;
  }

  void write(const Rgb8& rgb, const std::string& marker) {
    jpeg_create_compress(&codec_);
    jpeg_mem_dest(&codec_, &out_, &size_);
    codec_.image_width = static_cast<JDIMENSION>(rgb.width);
    codec_.image_height = static_cast<JDIMENSION>(rgb.height);
    codec_.input_components = 3;
    codec_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, kQuality, TRUE);
    codec_.comp_info[0].h_samp_factor = 1;  // colour as fine as brightness
    codec_.comp_info[0].v_samp_factor = 1;
    codec_.optimize_coding = TRUE;
    jpeg_start_compress(&codec_, TRUE);
    if (!marker.empty()) {
      jpeg_write_marker(&codec_, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(marker.data()),
                        static_cast<unsigned>(marker.size()));
    }
    const std::size_t stride = static_cast<std::size_t>(rgb.width) * 3;
    while (codec_.next_scanline < codec_.image_height) {
      auto* row = const_cast<JSAMPLE*>(rgb.samples.data() + codec_.next_scanline * stride);
      jpeg_write_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_compress(&codec_);
  }

  ErrorManager manager_;
  jpeg_compress_struct codec_{};
  unsigned char* out_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::span<const std::byte> find_jpeg_exif(std::span<const std::byte> bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  constexpr unsigned kStartOfScan = 0xDA;
  const auto byte = [&](std::size_t at) { return std::to_integer<unsigned>(bytes[at]); };
  // Behind the two bytes of the start: marker FF xx, length of what follows with itself, content.
  for (std::size_t at = 2; at + 4 <= bytes.size() && byte(at) == 0xFF;) {
    if (byte(at + 1) == 0xFF) {  // a filling byte
      ++at;
      continue;
    }
    const std::size_t length = byte(at + 2) << 8U | byte(at + 3);
    if (byte(at + 1) == kStartOfScan || length < 2 || length > bytes.size() - at - 2) break;
    const auto content = bytes.subspan(at + 4, length - 2);
    const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    if (byte(at + 1) == 0xE1 && text.starts_with(kExif)) return content;
    at += 2 + length;
  }
  return {};
}

std::vector<std::byte> encode_jpeg(const Rgb8& rgb, std::span<const std::byte> exif) {
  std::string marker;
  if (!exif.empty()) {
    marker.assign("Exif\0\0", 6);
    marker.append(reinterpret_cast<const char*>(exif.data()), exif.size());
  }
  return Encoder().encode(rgb, marker);
}

}  // namespace sagitta::io
