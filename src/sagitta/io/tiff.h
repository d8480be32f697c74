// TIFF structures, the form of EXIF data: directories of tagged values. Every look is checked
// against the bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sagitta::io {

class Tiff {
 public:
  static constexpr unsigned kAscii = 2;
  static constexpr unsigned kShort = 3;
  static constexpr unsigned kLong = 4;
  static constexpr unsigned kUndefined = 7;

  struct Entry {
    unsigned tag = 0;
    unsigned type = 0;
    std::uint32_t count = 0;
    std::size_t place = 0;  // of the four bytes that hold the value, or where it is
  };

  // With or without the "Exif\0\0" that precedes the structure in JPEG files; nothing if the data
  // do not begin like one.
  [[nodiscard]] static std::optional<Tiff> open(std::span<const std::byte> data);

  [[nodiscard]] bool big_endian() const { return big_endian_; }
  // Of 2 or 4 bytes; 0 outside of the data.
  [[nodiscard]] std::uint32_t number(std::size_t place, std::size_t size) const;
  [[nodiscard]] std::size_t first_directory() const { return number(4, 4); }
  // What lies within the data of the directory at this place.
  [[nodiscard]] std::vector<Entry> entries(std::size_t directory) const;
  // The value of an entry of single bytes (texts, undefined); empty if it lies outside.
  [[nodiscard]] std::span<const std::byte> bytes(const Entry& entry) const;

 private:
  Tiff(std::span<const std::byte> data, bool big_endian) : data_(data), big_endian_(big_endian) {}

  std::span<const std::byte> data_;
  bool big_endian_ = false;
};

}  // namespace sagitta::io
