// What can be done to masks (..., H, W); results are (N, H, W).
#pragma once

#include "sagitta/core/array.h"

#include <string_view>

namespace sagitta {

// |cells| times the largest (negative: the smallest) value of each cell and its neighbours: four of
// them for tapered corners, otherwise eight. What lies outside does not count.
[[nodiscard]] Array grow(const Array& mask, std::int64_t cells, bool tapered_corners);

struct Edges {
  std::int64_t left = 0;
  std::int64_t top = 0;
  std::int64_t right = 0;
  std::int64_t bottom = 0;
};

// A ramp at each edge, multiplied onto the mask: (i + 1) / width for the cell that lies i from it.
[[nodiscard]] Array feather(const Array& mask, const Edges& edges);

// 1 where the mask is larger than the value, else 0.
[[nodiscard]] Array threshold(const Array& mask, float value);

enum class MaskOperation { multiply, add, subtract, logical_and, logical_or, logical_xor };

// The operation of a widget's entry, e.g. "xor"; throws bad_input for another name.
[[nodiscard]] MaskOperation mask_operation(std::string_view name);

// The source, its corner at (x, y), combined with what it covers of the destination; the result is
// clipped to 0..1. Logical operations round first. One source serves all masks of a batch; throws
// bad_input for another number of them. A source beside the destination changes nothing.
[[nodiscard]] Array combine(const Array& destination, const Array& source, std::int64_t x,
                            std::int64_t y, MaskOperation operation);

// The part of the box of the given corner and size that lies in the mask. Throws bad_input where
// nothing does.
[[nodiscard]] Array crop_mask(const Array& mask, std::int64_t x, std::int64_t y, std::int64_t width,
                              std::int64_t height);

// (1, H, W) of one value. Throws bad_input for sizes beyond kMostValues.
[[nodiscard]] Array solid_mask(float value, std::int64_t height, std::int64_t width);

}  // namespace sagitta
