#include "sagitta/image/blend.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/scale.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

// What soft light moves a value towards.
float lightened(float x) { return x <= 0.25F ? ((16 * x - 12) * x + 4) * x : std::sqrt(x); }

float mixed(float a, float b, BlendMode mode) {
  switch (mode) {
    case BlendMode::normal:
      return b;
    case BlendMode::multiply:
      return a * b;
    case BlendMode::screen:
      return 1 - (1 - a) * (1 - b);
    case BlendMode::overlay:
      return a <= 0.5F ? 2 * a * b : 1 - 2 * (1 - a) * (1 - b);
    case BlendMode::soft_light:
      return b <= 0.5F ? a - (1 - 2 * b) * a * (1 - a) : a + (2 * b - 1) * (lightened(a) - a);
    case BlendMode::difference:
      return a - b;
  }
  return a;
}

}  // namespace

BlendMode blend_mode(std::string_view name) {
  if (name == "normal") return BlendMode::normal;
  if (name == "multiply") return BlendMode::multiply;
  if (name == "screen") return BlendMode::screen;
  if (name == "overlay") return BlendMode::overlay;
  if (name == "soft_light") return BlendMode::soft_light;
  if (name == "difference") return BlendMode::difference;
  throw Error(Fault::bad_input, fmt::format("there is no blend mode \"{}\"", name));
}

Array blend(const Array& first, const Array& second, float factor, BlendMode mode) {
  require_images(first);
  const std::int64_t batch = std::max(first.dim(0), second.dim(0));
  const Array fitted = scale(with_channels(second, first.dim(3)), size_of(first),
                             ResizeMethod::bicubic, Crop::centre);
  for (const Array* images : {&first, &fitted}) {
    require(images->dim(0) == 1 || images->dim(0) == batch, Fault::bad_input,
            "batches of {} and {} pictures cannot be blended", first.dim(0), fitted.dim(0));
  }
  Array out = repeat_to_batch(first, batch);
  const Array other = repeat_to_batch(fitted, batch);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float value = out[i] * (1 - factor) + mixed(out[i], other[i], mode) * factor;
    out[i] = std::clamp(value, 0.0F, 1.0F);
  }
  return out;
}

}  // namespace sagitta
