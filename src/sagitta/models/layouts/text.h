// The text encoders of a file: which there are, and their weights under the names of CLIP-L.
#pragma once

#include "sagitta/io/safetensors.h"
#include "sagitta/models/layouts/part.h"
#include "sagitta/models/spec.h"

#include <vector>

namespace sagitta::models {

struct TextPart {
  ClipUse use = ClipUse::sd1;
  Part part;
};

// From the names of OpenCLIP ("transformer.resblocks.0.attn.in_proj_weight"...), or of CLIP-L as old
// tools write them, to those of CLIP-L. The fused projections are split, and the text projection is
// transposed. Throws bad_file for shapes that cannot be split.
[[nodiscard]] Part clip_names(const Part& part);

// The way back from the names of CLIP-L to those of OpenCLIP, for writing. Throws bad_input for a
// layer that lacks one of its three projections.
[[nodiscard]] io::TensorSources openclip_names(const io::TensorSources& clip);

// The encoders of a checkpoint, in the order in which their contexts are joined. A layout that the
// families share is read as SDXL's if the checkpoint's UNet takes a vector conditioning.
[[nodiscard]] std::vector<TextPart> text_parts(const StateDict& file, bool takes_vector);

// The encoder of a file that holds nothing else. Its kind shows in its depth: CLIP-L has 12 layers,
// OpenCLIP-H 24 (or 23, without the one that is not used), bigG 32.
[[nodiscard]] TextPart text_part(const StateDict& file);

// Which of SDXL's two encoders, from separate files, is CLIP-L: the shallower one or, if they are
// equally deep, the one without a text projection.
[[nodiscard]] bool first_is_sdxl_l(const Part& first, const Part& second);

}  // namespace sagitta::models
