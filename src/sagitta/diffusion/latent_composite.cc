#include "sagitta/diffusion/latent_composite.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/latent_math.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <vector>

namespace sagitta {
namespace {

// What is seen of one axis: places of the upper latent and where they come to lie.
struct Overlap {
  std::int64_t from = 0;
  std::int64_t onto = 0;
  std::int64_t size = 0;  // 0 or less: nothing
};

Overlap overlap(std::int64_t at, std::int64_t from_size, std::int64_t onto_size) {
  const std::int64_t begin = std::clamp<std::int64_t>(at, 0, onto_size);
  const std::int64_t end = std::clamp<std::int64_t>(at + from_size, 0, onto_size);
  return {.from = begin - at, .onto = begin, .size = end - begin};
}

// The weight of each place along one axis.
std::vector<float> ramp(const Overlap& seen, std::int64_t feather, std::int64_t onto_size) {
  std::vector<float> weights(static_cast<std::size_t>(seen.size), 1.0F);
  const auto fade = [&](std::int64_t place, std::int64_t step) {
    if (place < 0 || place >= seen.size) return;
    weights[static_cast<std::size_t>(place)] *=
        static_cast<float>(step + 1) / static_cast<float>(feather);
  };
  const bool near = seen.onto != 0;
  const bool far = seen.onto + seen.size < onto_size;
  for (std::int64_t step = 0; step < std::min(feather, 2 * seen.size); ++step) {
    if (near) fade(step, step);
    // Upstream counts from the far end, where the places below -1 are again those from the end: a
    // feather wider than the latent fades some of them twice.
    const std::int64_t place = seen.size - 1 - step;
    if (far) fade(place < -1 ? place + seen.size : place, step);
  }
  return weights;
}

void require_same_channels(const Array& onto, const Array& from) {
  require_latent(onto, "the lower latent");
  require_latent(from, "the upper latent");
  require(onto.dim(1) == from.dim(1), Fault::bad_input,
          "a latent of {} channels cannot be laid onto one of {}", from.dim(1), onto.dim(1));
}

// Calls blend(below, above, row, column) for every value that is seen; row and column count from
// where that begins.
template <class Blend>
void paste(Array& onto, const Array& from, const Overlap& rows, const Overlap& cols,
           const Blend& blend) {
  const std::int64_t planes = onto.dim(0) * onto.dim(1);
  const std::int64_t channels = onto.dim(1);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    const std::int64_t item = from.dim(0) == 1 ? 0 : plane / channels;
    const std::int64_t source = item * channels + plane % channels;
    for (std::int64_t y = 0; y < rows.size; ++y) {
      float* below = onto.data() + (plane * onto.dim(2) + rows.onto + y) * onto.dim(3) + cols.onto;
      const float* above =
          from.data() + (source * from.dim(2) + rows.from + y) * from.dim(3) + cols.from;
      for (std::int64_t x = 0; x < cols.size; ++x) blend(below[x], above[x], plane, y, x);
    }
  }
}

}  // namespace

Array paste_feathered(Array onto, const Array& from, const Place& at, std::int64_t feather) {
  require_same_channels(onto, from);
  require(from.dim(0) == onto.dim(0) || from.dim(0) == 1, Fault::bad_input,
          "a batch of {} latents cannot be laid onto one of {}", from.dim(0), onto.dim(0));
  require(at.x >= 0 && at.y >= 0 && at.x <= onto.dim(3) && at.y <= onto.dim(2), Fault::bad_input,
          "the place at x {}, y {} lies outside of the latent of {}x{} cells", at.x, at.y,
          onto.dim(3), onto.dim(2));
  const Overlap rows = overlap(at.y, from.dim(2), onto.dim(2));
  const Overlap cols = overlap(at.x, from.dim(3), onto.dim(3));
  const std::vector<float> down = ramp(rows, feather, onto.dim(2));
  const std::vector<float> across = ramp(cols, feather, onto.dim(3));
  paste(onto, from, rows, cols,
        [&](float& below, float above, std::int64_t, std::int64_t y, std::int64_t x) {
          const float share =
              down[static_cast<std::size_t>(y)] * across[static_cast<std::size_t>(x)];
          below = above * share + below * (1 - share);
        });
  return onto;
}

Array paste_masked(Array onto, const Array& from, const Place& at, const Array* mask) {
  require_same_channels(onto, from);
  const Array fitted = repeat_to_batch(from, onto.dim(0));
  Array shares({1, fitted.dim(2), fitted.dim(3)}, 1);
  if (mask != nullptr) shares = resize_bilinear(as_mask(*mask), fitted.dim(2), fitted.dim(3));
  shares = repeat_to_batch(shares, onto.dim(0));
  const auto clamped = [](std::int64_t place, std::int64_t before, std::int64_t behind) {
    return std::clamp(place, -before, behind);
  };
  const Overlap rows =
      overlap(clamped(at.y, fitted.dim(2), onto.dim(2)), fitted.dim(2), onto.dim(2));
  const Overlap cols =
      overlap(clamped(at.x, fitted.dim(3), onto.dim(3)), fitted.dim(3), onto.dim(3));
  const std::int64_t channels = onto.dim(1);
  paste(onto, fitted, rows, cols,
        [&](float& below, float above, std::int64_t plane, std::int64_t y, std::int64_t x) {
          const std::int64_t row = plane / channels * fitted.dim(2) + rows.from + y;
          const float share = shares.data()[row * fitted.dim(3) + cols.from + x];
          below = share * above + (1 - share) * below;
        });
  return onto;
}

}  // namespace sagitta
