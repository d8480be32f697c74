// Compositing of two pictures with transparency by the rules of Porter and Duff, and the blends
// that go with them.
#pragma once

#include "sagitta/core/array.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

enum class PorterDuff {
  add,
  clear,
  darken,
  dst,
  dst_atop,
  dst_in,
  dst_out,
  dst_over,
  lighten,
  multiply,
  overlay,
  screen,
  src,
  src_atop,
  src_in,
  src_out,
  src_over,
  exclusive_or,
};

// The names of the modes in the order of the enumeration: "ADD", "CLEAR", ...
[[nodiscard]] const std::vector<std::string>& porter_duff_names();

// Throws bad_input for a name that is none.
[[nodiscard]] PorterDuff porter_duff_mode(std::string_view name);

// A picture (B, H, W, C) and its mask (B, H, W): 1 where it is transparent.
struct Layer {
  Array images;
  Array mask;
};

// As many pictures as the shortest of the four batches has, at the destination's size; what has
// another size is cut to its aspect ratio and resized (bicubic). The colours of the result are
// clipped to 0..1, and 0 where nothing is left. Throws bad_input for unequal channels.
[[nodiscard]] Layer porter_duff(const Layer& source, const Layer& destination, PorterDuff mode);

}  // namespace sagitta
