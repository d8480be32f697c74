// What the kinds that run a network share: the loaded model and the conditionings of a file.
#pragma once

#include "golden_runner/case.h"
#include "golden_runner/context.h"
#include "sagitta/diffusion/conditioning.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/models/checkpoint.h"

#include <string>

namespace golden {

// The checkpoint that the header's "model" names ("A with B": A with tensors of B in place of its
// own), on the context's device.
[[nodiscard]] const sagitta::models::Checkpoint& checkpoint_of(const GoldenFile& file,
                                                               Context& context);

// Its UNet as a model without hooks. Throws bad_file if the checkpoint has none.
[[nodiscard]] sagitta::Model model_of(const GoldenFile& file, Context& context);

// Its autoencoder. Throws bad_file if the checkpoint has none.
[[nodiscard]] sagitta::Vae vae_of(const GoldenFile& file, Context& context);

// The entry whose context is the tensor `name`, and whose pooled text, if there is one, is
// `name`_pooled.
[[nodiscard]] sagitta::ConditioningEntry entry_of(const GoldenFile& file, const std::string& name);

}  // namespace golden
