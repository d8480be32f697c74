#include "sagitta/diffusion/noise.h"

#include "sagitta/base/error.h"

#include <algorithm>

namespace sagitta {
namespace {

Array draw_noise(TorchRng& rng, const Shape& shape, std::span<const std::int64_t> batch_index) {
  Array noise(shape);
  if (batch_index.empty()) {
    rng.randn(noise.values());
    return noise;
  }
  require(!shape.empty() && shape[0] == static_cast<std::int64_t>(batch_index.size()),
          Fault::bad_input, "{} batch indices do not fit noise of shape {}", batch_index.size(),
          to_string(shape));
  const auto [low, high] = std::minmax_element(batch_index.begin(), batch_index.end());
  require(*low >= 0 && *high <= kMaxBatchIndex, Fault::bad_input,
          "batch indices must lie in 0..{}, got {}", kMaxBatchIndex, *low < 0 ? *low : *high);

  const std::size_t row = noise.size() / batch_index.size();
  std::vector<float> draw(row);
  for (std::int64_t index = 0; index <= *high; ++index) {
    rng.randn(draw);
    for (std::size_t b = 0; b < batch_index.size(); ++b) {
      if (batch_index[b] == index) std::copy(draw.begin(), draw.end(), noise.data() + b * row);
    }
  }
  return noise;
}

}  // namespace

Array prepare_noise(std::uint64_t seed, const Shape& shape,
                    std::span<const std::int64_t> batch_index) {
  TorchRng rng(seed);
  return draw_noise(rng, shape, batch_index);
}

TorchRng generator_after_noise(std::uint64_t seed, const Shape& shape,
                               std::span<const std::int64_t> batch_index) {
  TorchRng rng(seed);
  const Array drawn = draw_noise(rng, shape, batch_index);
  return rng;
}

Array StepNoise::operator()() {
  Array noise(shape_);
  rng_.randn(noise.values());
  return noise;
}

}  // namespace sagitta
