// What some networks see beside the noisy latent, as further input channels: inpainting models a mask
// and the picture under it, models that follow instructions the picture to be changed.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/diffusion/model.h"

#include <memory>
#include <vector>

namespace sagitta {

struct ConditioningEntry;

// The latent of a run, as conditionings see it.
struct RunLatent {
  std::int64_t height = 0;                       // cells
  std::int64_t width = 0;
  std::shared_ptr<const Array> original = {};    // (B, C, height, width) inside the run; null: zeros
  std::shared_ptr<const Array> noise_mask = {};  // (B, C, height, width), 1 = to be changed; null: all
};

// Arrays (N, c, height, width) whose channels follow those of the latent, in order; N is 1 or fits no
// batch yet. Empty for a network of as many input as output channels. Networks with one channel more
// than twice their output get the rounded mask and the picture, in the scale of the run; where
// neither entry nor run has a mask, all is to be changed and the picture is grey. Networks with
// twice the channels get the entry's picture in VAE scale, or zeros. Throws unsupported for another
// number of channels.
[[nodiscard]] std::vector<std::shared_ptr<const Array>> concat_channels(const ConditioningEntry& entry,
                                                                        const Model& model,
                                                                        const RunLatent& latent);

}  // namespace sagitta
