// Heat maps: values as colours.
#pragma once

#include "sagitta/draw/canvas.h"

namespace sagitta::insight {

// Dark violet at 0 over red and orange to pale yellow at 1; values outside are clamped. The
// lightness grows evenly (in OKLab, Ottosson 2020), so that equal differences look equal, also in
// gray.
[[nodiscard]] draw::Color heat_color(float value);

// Values from `low` to `high` are drawn from 0 to 1 of heat_color.
struct HeatScale {
  float low = 0;
  float high = 1;
};

// A map (H, W) in colours: (H, W, 3).
[[nodiscard]] Array heat_map(const Array& values, const HeatScale& scale);

// The colours over a darkened picture (H, W, 3), the more opaque the higher the value.
[[nodiscard]] Array heat_overlay(const Array& values, const HeatScale& scale, const Array& picture);

}  // namespace sagitta::insight
