#include "sagitta/diffusion/latent_composite.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/latent_math.h"
#include "sagitta/image/composite.h"

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
  const std::int64_t channels = onto.dim(1);
  for (std::int64_t plane = 0; plane < onto.dim(0) * channels; ++plane) {
    const std::int64_t source = from.dim(0) == 1 ? plane % channels : plane;
    for (std::int64_t y = 0; y < rows.size; ++y) {
      float* below = onto.data() + (plane * onto.dim(2) + rows.onto + y) * onto.dim(3) + cols.onto;
      const float* above =
          from.data() + (source * from.dim(2) + rows.from + y) * from.dim(3) + cols.from;
      for (std::int64_t x = 0; x < cols.size; ++x) {
        const float share = down[static_cast<std::size_t>(y)] * across[static_cast<std::size_t>(x)];
        below[x] = above[x] * share + below[x] * (1 - share);
      }
    }
  }
  return onto;
}

Array paste_masked(const Array& onto, const Array& from, const Place& at, const Array* mask) {
  require_same_channels(onto, from);
  // Far outside is as far as just outside, and cannot overflow.
  return composite(onto, from,
                   {.y = std::clamp(at.y, -from.dim(2), onto.dim(2)),
                    .x = std::clamp(at.x, -from.dim(3), onto.dim(3))},
                   mask);
}

}  // namespace sagitta
