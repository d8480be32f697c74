#include "sagitta/diffusion/latent_math.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/resize.h"

#include <cmath>

namespace sagitta {
namespace {

bool same_planes(const Array& a, const Array& b) {
  return a.dim(2) == b.dim(2) && a.dim(3) == b.dim(3);
}

Array resized_like(const Array& x, const Array& like, ResizeMethod method) {
  require_latent(x, "a latent");
  require_latent(like, "a latent");
  require(x.dim(1) == like.dim(1), Fault::bad_input,
          "latents of {} and {} channels do not go together", like.dim(1), x.dim(1));
  return same_planes(x, like) ? x : resize(x, like.dim(2), like.dim(3), method, Crop::centre);
}

// The channel vectors of one item, `cells` apart.
float length_at(const float* x, std::int64_t channels, std::int64_t cells) {
  float sum = 0;
  for (std::int64_t c = 0; c < channels; ++c) sum += x[c * cells] * x[c * cells];
  return std::sqrt(sum);
}

float ratio(float value, float length) { return length == 0 ? 0 : value / length; }

}  // namespace

void require_latent(const Array& x, std::string_view what) {
  require(x.rank() == 4 && x.size() > 0, Fault::bad_input,
          "{} has the shape (batch, channels, height, width), got {}", what, to_string(x.shape()));
}

void require_latent_size(const Shape& shape, std::string_view what) {
  constexpr std::int64_t kMostValues = std::int64_t{1} << 30;  // 4 GiB
  require(element_count(shape) <= kMostValues, Fault::bad_input,
          "{} of shape {} would have more than the {} values that a latent may have", what,
          to_string(shape), kMostValues);
}

Array fit_planes(const Array& x, const Array& like) {
  return resized_like(x, like, ResizeMethod::bilinear);
}

Array fit_latent(const Array& x, const Array& like) {
  return repeat_to_batch(fit_planes(x, like), like.dim(0));
}

Array blend(const Array& a, const Array& b, float share) {
  const Array fitted = resized_like(b, a, ResizeMethod::bicubic);
  const std::int64_t items = std::max(a.dim(0), fitted.dim(0));
  for (const Array* x : {&a, &fitted}) {
    require(x->dim(0) == items || x->dim(0) == 1, Fault::bad_input,
            "batches of {} and {} latents cannot be blended", a.dim(0), fitted.dim(0));
  }
  return repeat_to_batch(a, items) * share + repeat_to_batch(fitted, items) * (1 - share);
}

Array interpolate(const Array& a, const Array& b, float share) {
  const Array other = fit_latent(b, a);
  const std::int64_t channels = a.dim(1);
  const std::int64_t cells = a.dim(2) * a.dim(3);
  Array out(a.shape());
  for (std::int64_t item = 0; item < a.dim(0); ++item) {
    for (std::int64_t cell = 0; cell < cells; ++cell) {
      const std::int64_t at = item * channels * cells + cell;
      const float* from = a.data() + at;
      const float* to = other.data() + at;
      float* mixed = out.data() + at;
      const float from_length = length_at(from, channels, cells);
      const float to_length = length_at(to, channels, cells);
      for (std::int64_t c = 0; c < channels * cells; c += cells) {
        mixed[c] = ratio(from[c], from_length) * share + ratio(to[c], to_length) * (1 - share);
      }
      const float direction = length_at(mixed, channels, cells);
      const float length = from_length * share + to_length * (1 - share);
      for (std::int64_t c = 0; c < channels * cells; c += cells) {
        mixed[c] = ratio(mixed[c], direction) * length;
      }
    }
  }
  return out;
}

}  // namespace sagitta
