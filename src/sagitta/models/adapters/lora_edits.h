// From the parts of an adapter to edits of a network's weights.
//
// With W the weight as it was before this adapter, s the strength and a = alpha / rank (1 where the
// file gives no alpha), a weight becomes
//   W + s a D                                  for an update D: up * down, their Hadamard or
//                                              Kronecker forms, each as (out, all others)
//   W + s (W' - W), W' = (W + a D) m / |W|     with DoRA norms m per output (one per row)
//                   W' = (W + a D) m / |W+aD|  with DoRA norms m per input
//   W + s diff                                 for differences
//   the new values, whatever s is              for set_weight
#pragma once

#include "sagitta/models/adapters/lora_file.h"
#include "sagitta/models/adapters/lora_names.h"
#include "sagitta/models/weights.h"

#include <set>
#include <string>

namespace sagitta::models {

struct LoraEdits {
  WeightEdits edits;              // by the weight's name; a strength of 0 makes none but set_weight
  std::set<std::string> modules;  // names in the file that mean a weight of this network
};

// The edits that an adapter makes in a network whose module names are `names`. Parts that the
// network has no place for, such as a bias, are passed over. Throws bad_file naming file, module and
// weight if a part is missing or its shape does not fit.
[[nodiscard]] LoraEdits lora_edits(const Lora& lora, const LoraNames& names, const Weights& weights,
                                   float strength);

}  // namespace sagitta::models
