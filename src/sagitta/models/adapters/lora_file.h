// An adapter file: small tensors that change the weights of a model, grouped by the module that they
// change. Trainers spell the same things in several ways; this is where the spellings end.
#pragma once

#include "sagitta/core/stored.h"

#include <map>
#include <string>
#include <vector>

namespace sagitta::models {

// What a tensor of an adapter is.
enum class LoraPart {
  up,          // (out, rank), of a low-rank update (Hu et al. 2021)
  down,        // (rank, in...)
  mid,         // (rank, rank, h, w): a kernel between the two (LoCon)
  alpha,       // one number; the update is scaled by alpha / rank
  dora_scale,  // the norms of the adapted weight (DoRA, Liu et al. 2024)
  hada_w1_a,   // the Hadamard product of two low-rank matrices (LoHa, Hyeon-Woo et al. 2021)
  hada_w1_b,
  hada_w2_a,
  hada_w2_b,
  hada_t1,  // with Tucker cores for kernels
  hada_t2,
  lokr_w1,  // the Kronecker product of two matrices (LoKr), each whole or as a product of two
  lokr_w1_a,
  lokr_w1_b,
  lokr_w2,
  lokr_w2_a,
  lokr_w2_b,
  lokr_t2,
  diff,          // added to the weight
  diff_bias,     // added to the bias
  set_weight,    // takes the place of the weight
  norm_diff,     // added to the scale of a norm
  norm_bias_diff,
};

// The spelling that messages use: "lora_up", "hada_w1_a"...
[[nodiscard]] std::string_view name_of(LoraPart part);

using LoraModule = std::map<LoraPart, StoredTensor>;

struct Lora {
  std::string name;                                         // for messages: the file's
  std::map<std::string, LoraModule, std::less<>> modules;   // by the name that the file gives them
  std::vector<std::string> unknown;                         // tensors that are none of the parts
};

// Sorts the tensors of a file. Throws bad_file if it holds no part of an adapter at all.
[[nodiscard]] Lora read_lora(const StateDict& tensors, std::string name);

}  // namespace sagitta::models
