#include "sagitta/diffusion/samplers/sde_noise.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <limits>

namespace sagitta::sampling {

SdeNoise::SdeNoise(const SamplerRun& run, const Shape& shape) {
  float low = std::numeric_limits<float>::infinity();
  float high = 0;
  for (const float sigma : run.sigmas) {
    if (sigma > 0) low = std::min(low, sigma);
    high = std::max(high, sigma);
  }
  if (low < high) tree_.emplace(run.seed, shape, low, high);
}

Array SdeNoise::operator()(float sigma, float sigma_next) const {
  require(tree_.has_value(), Fault::bad_input,
          "an SDE sampler cannot step from sigma {} to {}: it needs two different positive sigmas",
          sigma, sigma_next);
  return tree_->noise(sigma, sigma_next);
}

}  // namespace sagitta::sampling
