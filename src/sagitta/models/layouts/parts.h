// Which networks a file holds, in whatever layout: a checkpoint of all parts, or one part alone.
#pragma once

#include "sagitta/models/layouts/part.h"
#include "sagitta/models/layouts/text.h"

#include <vector>

namespace sagitta::models {

// A network that the file lacks is empty.
struct FileParts {
  Part unet;
  Part vae;
  std::vector<TextPart> text;

  [[nodiscard]] bool empty() const { return unet.empty() && vae.empty() && text.empty(); }
};

// Knows the single-file layout of Stable Diffusion 1, 2 and XL, diffusers' files, and files that
// hold one network without a prefix. Throws bad_file for text encoders that make no sense.
[[nodiscard]] FileParts find_parts(const StateDict& tensors);

}  // namespace sagitta::models
