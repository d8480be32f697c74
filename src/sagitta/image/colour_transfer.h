// Pictures in the colours of others.
#pragma once

#include "sagitta/core/array.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

enum class ColourMethod {
  reinhard_lab,  // mean and spread of each channel of L*a*b*
  mkl_lab,       // means and covariances in L*a*b*, by the linear map that moves colours least
  histogram,     // the distribution of each channel, in 256 steps
};

// What the change is computed from.
enum class ColourSource {
  per_frame,     // each picture, and the reference beside it; its last one serves the rest
  uniform,       // all pictures together
  target_frame,  // one of the pictures
};

[[nodiscard]] const std::vector<std::string>& colour_method_names();
[[nodiscard]] const std::vector<std::string>& colour_source_names();
// Throw bad_input for names that are none.
[[nodiscard]] ColourMethod colour_method(std::string_view name);
[[nodiscard]] ColourSource colour_source(std::string_view name);

struct ColourTransfer {
  ColourMethod method = ColourMethod::reinhard_lab;
  ColourSource source = ColourSource::per_frame;
  std::int64_t frame = 0;  // of target_frame; beyond the end it is the last
  float strength = 1;      // 0: as they are
};

// images and reference (B, H, W, 3), of any sizes. Clipped to 0..1. Throws bad_input for another
// number of channels.
[[nodiscard]] Array transfer_colours(const Array& images, const Array& reference,
                                     const ColourTransfer& transfer);

}  // namespace sagitta
