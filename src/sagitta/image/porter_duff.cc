#include "sagitta/image/porter_duff.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/scale.h"

#include <algorithm>

namespace sagitta {
namespace {

constexpr float kTransparent = 1e-5F;

float alpha_of(PorterDuff mode, float src, float dst) {
  switch (mode) {
    case PorterDuff::add:
      return std::clamp(src + dst, 0.0F, 1.0F);
    case PorterDuff::clear:
      return 0;
    case PorterDuff::darken:
    case PorterDuff::lighten:
    case PorterDuff::overlay:
    case PorterDuff::screen:
      return src + dst - src * dst;
    case PorterDuff::dst:
    case PorterDuff::src_atop:
      return dst;
    case PorterDuff::src:
    case PorterDuff::dst_atop:
      return src;
    case PorterDuff::dst_in:
    case PorterDuff::src_in:
    case PorterDuff::multiply:
      return src * dst;
    case PorterDuff::dst_out:
      return (1 - src) * dst;
    case PorterDuff::src_out:
      return (1 - dst) * src;
    case PorterDuff::dst_over:
      return dst + (1 - dst) * src;
    case PorterDuff::src_over:
      return src + (1 - src) * dst;
    case PorterDuff::exclusive_or:
      return (1 - dst) * src + (1 - src) * dst;
  }
  return 0;
}

// Colours s and d are multiplied by their alphas; so is the result.
float colour_of(PorterDuff mode, float s, float d, float src, float dst) {
  const float outside = (1 - dst) * s + (1 - src) * d;  // where only one of the two is
  switch (mode) {
    case PorterDuff::add:
      return std::clamp(s + d, 0.0F, 1.0F);
    case PorterDuff::clear:
      return 0;
    case PorterDuff::darken:
      return outside + std::min(s, d);
    case PorterDuff::lighten:
      return outside + std::max(s, d);
    case PorterDuff::multiply:
      return s * d;
    case PorterDuff::overlay:
      return 2 * d < dst ? 2 * s * d : src * dst - 2 * (dst - s) * (src - d);
    case PorterDuff::screen:
      return s + d - s * d;
    case PorterDuff::dst:
      return d;
    case PorterDuff::dst_atop:
      return src * d + (1 - dst) * s;
    case PorterDuff::dst_in:
      return d * src;
    case PorterDuff::dst_out:
      return (1 - src) * d;
    case PorterDuff::dst_over:
      return d + (1 - dst) * s;
    case PorterDuff::src:
      return s;
    case PorterDuff::src_atop:
      return dst * s + (1 - src) * d;
    case PorterDuff::src_in:
      return s * dst;
    case PorterDuff::src_out:
      return (1 - dst) * s;
    case PorterDuff::src_over:
      return s + (1 - src) * d;
    case PorterDuff::exclusive_or:
      return outside;
  }
  return 0;
}

Array fitted(const Array& x, std::int64_t count, const Size& size) {
  return scale(x.slice(0, count), size, ResizeMethod::bicubic, Crop::centre);
}

}  // namespace

const std::vector<std::string>& porter_duff_names() {
  static const std::vector<std::string> names{
      "ADD",     "CLEAR",    "DARKEN",  "DST",      "DST_ATOP", "DST_IN",
      "DST_OUT", "DST_OVER", "LIGHTEN", "MULTIPLY", "OVERLAY",  "SCREEN",
      "SRC",     "SRC_ATOP", "SRC_IN",  "SRC_OUT",  "SRC_OVER", "XOR"};
  return names;
}

PorterDuff porter_duff_mode(std::string_view name) {
  const auto& names = porter_duff_names();
  const auto it = std::ranges::find(names, name);
  require(it != names.end(), Fault::bad_input, "there is no Porter-Duff mode \"{}\"", name);
  return static_cast<PorterDuff>(it - names.begin());
}

Layer porter_duff(const Layer& source, const Layer& destination, PorterDuff mode) {
  require_images(source.images);
  require_images(destination.images);
  const std::int64_t channels = destination.images.dim(3);
  require(source.images.dim(3) == channels, Fault::bad_input,
          "the source has {} channels, the destination {}", source.images.dim(3), channels);
  const Array source_mask = as_mask(source.mask);
  const Array destination_mask = as_mask(destination.mask);
  const std::int64_t count = std::min({source.images.dim(0), source_mask.dim(0),
                                       destination.images.dim(0), destination_mask.dim(0)});
  const Size size = size_of(destination.images);
  const Array over = fitted(source.images, count, size);
  const Array over_mask = fitted(source_mask, count, size);
  Layer out{.images = destination.images.slice(0, count),
            .mask = fitted(destination_mask, count, size)};
  for (std::size_t cell = 0; cell < out.mask.size(); ++cell) {
    const float src = 1 - over_mask[cell];
    const float dst = 1 - out.mask[cell];
    const float alpha = alpha_of(mode, src, dst);
    const std::size_t first = cell * static_cast<std::size_t>(channels);
    for (std::size_t i = first; i < first + static_cast<std::size_t>(channels); ++i) {
      const float colour = colour_of(mode, over[i] * src, out.images[i] * dst, src, dst);
      out.images[i] = alpha > kTransparent ? std::clamp(colour / alpha, 0.0F, 1.0F) : 0.0F;
    }
    out.mask[cell] = 1 - alpha;
  }
  return out;
}

}  // namespace sagitta
