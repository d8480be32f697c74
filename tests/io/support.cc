#include "io/support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <webp/encode.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <jpeglib.h>

namespace sagitta::io {
namespace {

std::string be32(std::uint32_t value) {
  std::string out;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    out += static_cast<char>((value >> (shift - 8)) & 0xFFU);
  }
  return out;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "sagitta test \xC3\xA4\xE2\x82\xAC XXXXXX")
          .string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::file(const std::string& name,
                                            std::string_view content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
  return path_ / name;
}

std::size_t TemporaryFolder::count() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    constexpr const char* kNames[] = {"bad_input",     "bad_file",  "unsupported",
                                      "out_of_memory", "cancelled", "internal"};
    return fmt::format("{}: {}", kNames[static_cast<int>(error.fault())], error.what());
  }
  return {};
}

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string safetensors_bytes(std::string_view header, std::string_view data) {
  std::string out;
  for (unsigned i = 0; i < 8; ++i) out += static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
  return out.append(header).append(data);
}

std::string png_signature() { return "\x89PNG\r\n\x1a\n"; }

std::string png_chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type).append(data);
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return be32(static_cast<std::uint32_t>(data.size())) + body +
         be32(static_cast<std::uint32_t>(crc));
}

std::string deflated(std::string_view data) {
  uLongf size = compressBound(data.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
           data.size());
  out.resize(size);
  return out;
}

std::string png_header(const PngHeader& header) {
  std::string data = be32(header.width) + be32(header.height);
  data += static_cast<char>(header.depth);
  data += static_cast<char>(header.colour);
  data += std::string(2, '\0');
  data += static_cast<char>(header.interlaced ? 1 : 0);
  return png_chunk("IHDR", data);
}

std::string png_file(const PngHeader& header, std::string_view rows,
                     const std::vector<std::string>& chunks_before_data) {
  std::string out = png_signature() + png_header(header);
  for (const std::string& chunk : chunks_before_data) out += chunk;
  return out + png_chunk("IDAT", deflated(rows)) + png_chunk("IEND", "");
}

Rgb flat_rgb(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  Rgb rgb{.width = width, .height = height, .samples = {}};
  for (int i = 0; i < width * height; ++i) {
    rgb.samples.insert(rgb.samples.end(), {r, g, b});
  }
  return rgb;
}

std::string jpeg_file(const Rgb& rgb, std::string_view exif) {
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors{};
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &buffer, &size);
  codec.image_width = static_cast<JDIMENSION>(rgb.width);
  codec.image_height = static_cast<JDIMENSION>(rgb.height);
  codec.input_components = 3;
  codec.in_color_space = JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, 100, TRUE);
  jpeg_start_compress(&codec, TRUE);
  if (!exif.empty()) {
    const std::string marker = std::string("Exif\0\0", 6).append(exif);
    jpeg_write_marker(&codec, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(marker.data()),
                      static_cast<unsigned>(marker.size()));
  }
  std::vector<std::uint8_t> samples = rgb.samples;
  for (int y = 0; y < rgb.height; ++y) {
    JSAMPROW row = samples.data() + y * rgb.width * 3;
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  std::string out(reinterpret_cast<const char*>(buffer), size);
  std::free(buffer);
  return out;
}

std::string webp_lossless(const Rgb& rgb) {
  std::uint8_t* buffer = nullptr;
  const std::size_t size =
      WebPEncodeLosslessRGB(rgb.samples.data(), rgb.width, rgb.height, rgb.width * 3, &buffer);
  std::string out(reinterpret_cast<const char*>(buffer), size);
  WebPFree(buffer);
  return out;
}

std::string exif_with_orientation(int orientation, bool big_endian) {
  const auto number = [&](unsigned value, unsigned size) {
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (big_endian ? size - 1 - i : i);
      out += static_cast<char>((value >> shift) & 0xFFU);
    }
    return out;
  };
  return std::string(big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) +
         number(0x0112, 2) + number(3, 2) + number(1, 4) +
         number(static_cast<unsigned>(orientation), 2) + number(0, 2) + number(0, 4);
}

}  // namespace sagitta::io
