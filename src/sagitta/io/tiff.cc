#include "sagitta/io/tiff.h"

#include <string_view>

namespace sagitta::io {

std::optional<Tiff> Tiff::open(std::span<const std::byte> data) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  constexpr std::size_t kHeader = 8;
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  if (text.starts_with(kPrefix)) data = data.subspan(kPrefix.size());
  if (data.size() < kHeader) return std::nullopt;
  const std::string_view order(reinterpret_cast<const char*>(data.data()), 2);
  if (order != "II" && order != "MM") return std::nullopt;
  const Tiff tiff(data, order == "MM");
  return tiff.number(2, 2) == 42 ? std::optional<Tiff>(tiff) : std::nullopt;
}

std::uint32_t Tiff::number(std::size_t place, std::size_t size) const {
  if (place > data_.size() || size > data_.size() - place) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t at = big_endian_ ? i : size - 1 - i;
    value = (value << 8U) | std::to_integer<std::uint32_t>(data_[place + at]);
  }
  return value;
}

std::vector<Tiff::Entry> Tiff::entries(std::size_t directory) const {
  constexpr std::size_t kEntry = 12;  // tag 2, type 2, count 4, value 4
  std::vector<Entry> all;
  const std::size_t count = number(directory, 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = directory + 2 + i * kEntry;
    if (entry > data_.size() || data_.size() - entry < kEntry) break;
    all.push_back({.tag = number(entry, 2),
                   .type = number(entry + 2, 2),
                   .count = number(entry + 4, 4),
                   .place = entry + 8});
  }
  return all;
}

std::span<const std::byte> Tiff::bytes(const Entry& entry) const {
  if (entry.type != kAscii && entry.type != kUndefined && entry.type != 1) return {};
  const std::size_t place = entry.count <= 4 ? entry.place : number(entry.place, 4);
  if (place > data_.size() || entry.count > data_.size() - place) return {};
  return data_.subspan(place, entry.count);
}

}  // namespace sagitta::io
