// Adapters (LoRA and its kin) on a model and its text encoder.
#pragma once

#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/models/adapters/lora_file.h"

#include <optional>

namespace sagitta {

// What an adapter is applied to, and the results; either may be absent.
struct LoraTarget {
  std::optional<Model> model;
  std::optional<Clip> clip;
};

struct LoraStrengths {
  float model = 1;
  float clip = 1;
};

// The target with weights changed as the adapter says, computed in f32 from the stored weights; the
// target's own weights stay as they are. Several adapters act in the order of their application.
// Names that mean nothing here are left out with a warning. Throws bad_file, in one sentence, if no
// name means anything or a part of the adapter does not fit the weights.
[[nodiscard]] LoraTarget apply_lora(LoraTarget target, const models::Lora& lora,
                                    const LoraStrengths& strengths);

}  // namespace sagitta
