#include "sagitta/diffusion/guidance/latent_operation.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/guidance/per_item.h"

#include <cmath>
#include <cstdlib>
#include <vector>

namespace sagitta {
namespace {

Array tonemap(const Array& latent, float multiplier) {
  constexpr float kSmallestLength = 1e-10F;
  Array length = channel_norm(latent);
  length += kSmallestLength;
  const PerItem spread = deviation(length);
  const std::size_t cells = length.size() / spread.size();
  Array factors = length;
  for (std::size_t item = 0; item < spread.size(); ++item) {
    double mean = 0;
    for (std::size_t i = 0; i < cells; ++i) mean += length[item * cells + i];
    mean /= static_cast<double>(cells);
    const auto top = static_cast<float>((spread[item] * 5 + mean) * multiplier);
    // (length / top) / (length / top + 1) * top, as a factor of the vector.
    for (std::size_t i = 0; i < cells; ++i) {
      factors[item * cells + i] = top / (length[item * cells + i] + top);
    }
  }
  return scale_positions(latent, factors);
}

// (2 radius + 1)^2 weights that sharpen: the picture plus `amount` times its difference from what a
// Gaussian makes of it, with distances measured in radii. In float, as upstream rounds them.
std::vector<float> sharpening(int radius, float sigma, double amount) {
  std::vector<float> weights;
  double total = 0;
  const auto place = [&](int i) { return static_cast<float>(i) / static_cast<float>(radius); };
  for (int y = -radius; y <= radius; ++y) {
    for (int x = -radius; x <= radius; ++x) {
      const float distance = std::sqrt(place(x) * place(x) + place(y) * place(y));
      weights.push_back(std::exp(-(distance * distance) / (2 * sigma * sigma)));
      total += weights.back();
    }
  }
  double sum = 0;
  for (float& weight : weights) {
    weight = weight / static_cast<float>(total) * static_cast<float>(-amount);
    sum += weight;
  }
  float& centre = weights[weights.size() / 2];
  centre = centre - static_cast<float>(sum) + 1;
  return weights;
}

std::int64_t reflect(std::int64_t i, std::int64_t size) {
  const std::int64_t inside = std::abs(i);
  return inside < size ? inside : 2 * (size - 1) - inside;
}

// The sums of what lies around each cell, by their weights; planes go on as in a mirror.
void convolve_plane(const float* from, float* to, std::int64_t height, std::int64_t width,
                    int radius, const std::vector<float>& weights) {
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      float sum = 0;
      std::size_t tap = 0;
      for (int dy = -radius; dy <= radius; ++dy) {
        const float* row = from + reflect(y + dy, height) * width;
        for (int dx = -radius; dx <= radius; ++dx, ++tap) {
          sum += weights[tap] * row[reflect(x + dx, width)];
        }
      }
      to[y * width + x] = static_cast<float>(sum);
    }
  }
}

Array unsharp(const Array& latent, const SharpenParams& params) {
  constexpr float kSmallestLength = 1e-6F;
  constexpr double kAmountPerAlpha = 10;
  const std::int64_t height = latent.dim(2);
  const std::int64_t width = latent.dim(3);
  require(std::min(height, width) > params.sharpen_radius, Fault::bad_input,
          "sharpening with a radius of {} wants more than {} latent cells a side, got {}x{}",
          params.sharpen_radius, params.sharpen_radius, width, height);
  Array length = channel_norm(latent);
  length += kSmallestLength;
  Array inverse = length;
  for (float& value : inverse.values()) value = 1 / value;
  const Array directions = scale_positions(latent, inverse);
  const std::vector<float> weights =
      sharpening(params.sharpen_radius, params.sigma, kAmountPerAlpha * params.alpha);
  Array sharpened(latent.shape());
  for (std::int64_t plane = 0; plane < latent.dim(0) * latent.dim(1); ++plane) {
    convolve_plane(directions.data() + plane * height * width,
                   sharpened.data() + plane * height * width, height, width, params.sharpen_radius,
                   weights);
  }
  return scale_positions(std::move(sharpened), length);
}

}  // namespace

Model with_latent_operation(Model model, const LatentOperation& operation) {
  model.pre_cfg.emplace_back([operation](const CfgState& state) {
    return Predictions{operation(state.cond - state.uncond) + state.uncond, state.uncond};
  });
  return model;
}

LatentOperation tonemap_reinhard(const TonemapParams& params) {
  return [params](const Array& latent) { return tonemap(latent, params.multiplier); };
}

LatentOperation sharpen(const SharpenParams& params) {
  return [params](const Array& latent) { return unsharp(latent, params); };
}

}  // namespace sagitta
