// The attention map of Self-Attention Guidance: what is recorded while the network runs, and the mask
// that is made of it.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/nn/patches.h"

namespace sagitta::sag {

enum class Upsampling { nearest, bilinear };

// Values (N, rows*cols) on a token grid, brought to height * width cells: by nearest neighbour
// (source = floor(cell * rows / height), as upstream), or bilinearly with half-pixel centres.
// Returns (N, height, width).
[[nodiscard]] Array to_cells(const Array& values, Grid grid, std::int64_t height, std::int64_t width,
                             Upsampling how = Upsampling::nearest);

// Received attention of the rows of one role in one evaluation, however many layers, network calls and
// areas they came in. The mean over entries is weighted as their predictions are.
struct ReceivedMap {
  Array sum;     // (B, H, W)
  Array weight;  // (B, H, W); empty: nothing recorded

  void add(const ReceivedAttention& seen, Role role, Upsampling how = Upsampling::nearest);
  // (B, H, W), of mean 1 where everything is covered; cells that no entry covers receive nothing.
  [[nodiscard]] Array mean() const;
};

// 1 where received attention exceeds the threshold (its mean is 1), else 0.
[[nodiscard]] Array mask(Array received, float threshold = 1.0F);

// The same with a smooth step from 0 to 1 between threshold - 0.5 and threshold + 0.5.
[[nodiscard]] Array soft_mask(Array received, float threshold = 1.0F);

// blurred where the mask (B, H, W) is 1, x0 (B, C, H, W) where it is 0, a blend between.
[[nodiscard]] Array degrade(const Array& x0, const Array& blurred, const Array& mask);

}  // namespace sagitta::sag
