// Sizes as people write them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace sagitta::cli {

// "768x512" to width and height; nothing for any other text.
[[nodiscard]] inline std::optional<std::pair<std::int64_t, std::int64_t>> parse_size(
    std::string_view size) {
  std::int64_t width = 0;
  std::int64_t height = 0;
  const char* const end = size.data() + size.size();
  const auto first = std::from_chars(size.data(), end, width);
  const bool has_cross = first.ptr != end && (*first.ptr == 'x' || *first.ptr == 'X');
  if (first.ec != std::errc() || !has_cross) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, height);
  if (second.ec != std::errc() || second.ptr != end || width <= 0 || height <= 0) return std::nullopt;
  return std::pair{width, height};
}

}  // namespace sagitta::cli
