// Weights of eight bits with a factor beside them, as quantising tools write them.
#pragma once

#include "sagitta/core/stored.h"

#include <string_view>

namespace sagitta::models {

// The file with the factors folded into the tensors they belong to: "x.scale_weight" or
// "x.weight_scale" into "x.weight". Throws bad_file for a factor that is not a finite number, and
// unsupported for one per row or block.
[[nodiscard]] StateDict with_scales(const StateDict& file);

// True for what such tools put beside the weights: their factors, those of inputs, which matter to
// eight-bit arithmetic only, and marks.
[[nodiscard]] bool belongs_to_scaling(std::string_view name);

}  // namespace sagitta::models
