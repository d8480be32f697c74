#include "sagitta/base/error.h"
#include "sagitta/io/codecs.h"
#include "sagitta/io/exif.h"

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jerror.h>
#include <jpeglib.h>

namespace sagitta::io {
namespace {

// libjpeg reports errors through this object; the manager must come first, since libjpeg knows the
// address of that alone.
struct ErrorManager {
  jpeg_error_mgr base{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> text{};
};

ErrorManager& manager_of(j_common_ptr codec) {
  return *reinterpret_cast<ErrorManager*>(codec->err);
}

[[noreturn]] void on_error(j_common_ptr codec) {
  ErrorManager& manager = manager_of(codec);
  codec->err->format_message(codec, manager.text.data());
  std::longjmp(manager.jump, 1);
}

void on_message(j_common_ptr codec, int level) {
  // libjpeg fills the rest of a truncated picture with gray and only warns. A file that ends too
  // soon is an error here, other warnings are not.
  if (level < 0 && codec->err->msg_code == JWRN_JPEG_EOF) on_error(codec);
}

void on_progress(j_common_ptr codec) {
  // A small progressive file can hold thousands of scans over a large picture.
  constexpr int kMaxScans = 500;
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > kMaxScans) {
    codec->err->msg_code = JERR_BAD_PROGRESSION;
    on_error(codec);
  }
}

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {
    codec_.err = jpeg_std_error(&manager_.base);
    manager_.base.error_exit = on_error;
    manager_.base.emit_message = on_message;
    check(guarded([this] { jpeg_create_decompress(&codec_); }));
    manager_.progress.progress_monitor = on_progress;
    codec_.progress = &manager_.progress;
  }
  ~Decoder() { jpeg_destroy_decompress(&codec_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  Image read() {
    check(guarded([this] { read_header(); }));
    const std::int64_t height = codec_.image_height;
    const std::int64_t width = codec_.image_width;
    require_image_size(height, width, name_);
    // Huffman coding spends at least a bit on each block of 64 pixels, so a small file cannot claim
    // a huge picture.
    require(height * width / 512 <= static_cast<std::int64_t>(bytes_.size()), Fault::bad_file,
            "{}: {} bytes cannot hold {}x{} pixels (truncated?)", name_, bytes_.size(), width,
            height);
    check(guarded([this] { jpeg_start_decompress(&codec_); }));

    Image image{.pixels = Array({1, height, width, 3}), .alpha = std::nullopt};
    const auto columns = static_cast<std::size_t>(width);
    std::vector<JSAMPLE> row(columns * static_cast<std::size_t>(codec_.output_components));
    JSAMPROW row_pointer = row.data();
    float* out = image.pixels.data();
    while (codec_.output_scanline < codec_.output_height) {
      check(guarded([&] { jpeg_read_scanlines(&codec_, &row_pointer, 1); }));
      convert_row(row, out);
      out += columns * 3;
    }
    const int orientation = exif_orientation(find_jpeg_exif(bytes_));
    return oriented(std::move(image), orientation);
  }

 private:
  // Runs calls of libjpeg, which leaves by longjmp on an error.
  template <class Body>
  bool guarded(Body body) {
    if (setjmp(manager_.jump) != 0) return false;
    body();
    return true;
  }

  void check(bool ok) const {
    require(ok, Fault::bad_file, "{}: broken JPEG: {}", name_, manager_.text.data());
  }

  void read_header() {
    jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(bytes_.data()),
                 static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&codec_, TRUE);
    const bool four_inks =
        codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK;
    codec_.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
  }

  void convert_row(const std::vector<JSAMPLE>& row, float* out) const {
    const std::size_t pixels = codec_.output_width;
    if (codec_.output_components == 3) {
      for (std::size_t i = 0; i < pixels * 3; ++i) out[i] = static_cast<float>(row[i]) / 255.0F;
      return;
    }
    // Adobe stores inks inverted, as light that is left: 255 is no ink.
    const bool inverted = codec_.saw_Adobe_marker != FALSE;
    const auto light = [&](std::size_t index) {
      return static_cast<float>(inverted ? row[index] : 255 - row[index]) / 255.0F;
    };
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < 3; ++c) out[i * 3 + c] = light(i * 4 + c) * light(i * 4 + 3);
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  ErrorManager manager_;
  jpeg_decompress_struct codec_{};
};

}  // namespace

bool is_jpeg(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.starts_with("\xFF\xD8\xFF");
}

Image decode_jpeg(std::span<const std::byte> bytes, const std::string& name) {
  return Decoder(bytes, name).read();
}

}  // namespace sagitta::io
