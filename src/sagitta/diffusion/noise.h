// Noise for sampling: the initial latent and the fresh draws of the stochastic samplers.
#pragma once

#include "sagitta/base/rng.h"
#include "sagitta/core/array.h"

#include <cstdint>
#include <span>

namespace sagitta {

// Initial noise of a latent of shape (B, ...). Without batch_index: one draw of the whole shape.
// With it (one index >= 0 per row, bad_input otherwise): one draw of (1, ...) per index 0..max, and
// row b is draw batch_index[b], so a row can be reproduced on its own and equal indices share
// noise.
[[nodiscard]] Array prepare_noise(std::uint64_t seed, const Shape& shape,
                                  std::span<const std::int64_t> batch_index = {});

// The generator as prepare_noise leaves it: what upstream's default generator goes on with in a run.
[[nodiscard]] TorchRng generator_after_noise(std::uint64_t seed, const Shape& shape,
                                             std::span<const std::int64_t> batch_index = {});

// What the node graph calls NOISE: the noise of a seed, or none. The seed of none is 0.
struct NoiseSource {
  std::uint64_t seed = 0;
  bool enabled = true;

  // Noise for a latent, as prepare_noise; zeros if not enabled.
  [[nodiscard]] Array operator()(const Shape& shape,
                                 std::span<const std::int64_t> batch_index = {}) const {
    return enabled ? prepare_noise(seed, shape, batch_index) : Array(shape);
  }
};

// The largest batch index: every draw up to it has to be made.
inline constexpr std::int64_t kMaxBatchIndex = 65535;

// The noise of a sampler's steps: one draw of the whole shape after the other from a generator of
// its own, seeded with the run's seed + 1.
class StepNoise {
 public:
  StepNoise(std::uint64_t seed, Shape shape) : rng_(seed + 1), shape_(std::move(shape)) {}
  Array operator()();

 private:
  TorchRng rng_;
  Shape shape_;
};

}  // namespace sagitta
