// Merging: weights that are mixtures of two networks' weights, as edits of the first network.
#pragma once

#include "sagitta/models/weights.h"

#include <functional>
#include <string_view>

namespace sagitta::models {

// A weight becomes first * (its own value) + second * (the other network's value), in f32.
struct MergeFactors {
  float first = 1;
  float second = 0;
};

// What each weight of the first network becomes, by its name; both networks' edits count. Weights
// that the other network lacks stay as they are, and so does the first convolution where the two
// read different numbers of channels, as inpainting models do. Throws bad_input naming the weight
// if the networks are of different architectures.
[[nodiscard]] WeightEdits merge_edits(const Weights& first, const Weights& second,
                                      const std::function<MergeFactors(std::string_view)>& factors);

}  // namespace sagitta::models
