// A UNet of random weights, small enough for tests on the reference device.
#pragma once

#include "sagitta/base/rng.h"
#include "sagitta/diffusion/conditioning.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/models/load.h"
#include "sagitta/models/random_weights.h"

namespace sagitta::test {

inline constexpr std::int64_t kToyContextWidth = 16;

inline models::UnetSpec toy_spec() {
  models::UnetSpec spec;
  spec.model_channels = 32;
  spec.levels = {{.channels = 32, .input_depth = {1}, .output_depth = {1, 1}},
                 {.channels = 64, .input_depth = {0}, .output_depth = {0, 0}}};
  spec.context_width = kToyContextWidth;
  spec.heads = 4;
  return spec;
}

inline Model toy_model(Device& device, const models::UnetSpec& spec = toy_spec()) {
  auto unet = std::make_shared<models::Unet>(spec);
  models::RandomWeights weights(nullptr, 7);
  unet->params(weights);
  models::load_module(*unet, &device, weights.tensors(), "UNet");
  return {.device = &device,
          .unet = {std::move(unet), device, models::Weights(weights.tensors())},
          .sampling = discrete_sampling(PredictionType::eps),
          .latent_scale = 0.18215F};
}

inline Array random_array(std::uint64_t seed, Shape shape) {
  Array out(std::move(shape));
  TorchRng rng(seed);
  rng.randn(out.values());
  return out;
}

// A conditioning of one entry with a random context.
inline Conditioning toy_prompt(std::uint64_t seed, std::int64_t tokens = 7) {
  return {{.context = std::make_shared<const Array>(
               random_array(seed, {1, tokens, kToyContextWidth}))}};
}

inline float max_difference(const Array& a, const Array& b) {
  float most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return a.shape() == b.shape() ? most : std::numeric_limits<float>::infinity();
}

}  // namespace sagitta::test
