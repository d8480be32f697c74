// Helpers of the io tests: a folder that goes away, files made byte by byte, and errors as values.
#pragma once

#include "sagitta/base/error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::io {

// A fresh folder whose name holds a space and letters beyond ASCII; removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  // Writes a file here, by plain streams, and returns its path.
  [[nodiscard]] std::filesystem::path file(const std::string& name, std::string_view content) const;
  [[nodiscard]] std::size_t count() const;  // of entries

 private:
  std::filesystem::path path_;
};

// "bad_file: message" of the sagitta::Error that the action throws; "" if it throws none.
[[nodiscard]] std::string error_of(const std::function<void()>& action);

[[nodiscard]] std::string content_of(const std::filesystem::path& path);

[[nodiscard]] std::span<const std::byte> as_bytes(std::string_view text);

// A safetensors file with this header and data.
[[nodiscard]] std::string safetensors_bytes(std::string_view header, std::string_view data);

// PNG parts.
[[nodiscard]] std::string png_signature();
[[nodiscard]] std::string png_chunk(std::string_view type, std::string_view data);
[[nodiscard]] std::string deflated(std::string_view data);
struct PngHeader {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  int depth = 8;
  int colour = 2;  // 0 gray, 2 RGB, 3 palette, 4 gray + alpha, 6 RGBA
  bool interlaced = false;
};
[[nodiscard]] std::string png_header(const PngHeader& header);
// The whole file; rows are the filter bytes and samples, before compression.
[[nodiscard]] std::string png_file(const PngHeader& header, std::string_view rows,
                                   const std::vector<std::string>& chunks_before_data = {});

// Encoders for pictures of width x height RGB bytes.
struct Rgb {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;
};
[[nodiscard]] Rgb flat_rgb(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b);
[[nodiscard]] std::string jpeg_file(const Rgb& rgb, std::string_view exif = {});
[[nodiscard]] std::string webp_lossless(const Rgb& rgb);

// TIFF data whose only tag is the orientation.
[[nodiscard]] std::string exif_with_orientation(int orientation, bool big_endian = false);

}  // namespace sagitta::io
