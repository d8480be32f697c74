// Textual-inversion embeddings from the embeddings folders of the models.
#pragma once

#include "sagitta/core/stored.h"
#include "sagitta/diffusion/text_encoder.h"
#include "sagitta/nodes/services.h"

namespace sagitta::nodes {

// The vectors that a file holds for the encoder `key` ("clip_l"...): the tensor of that name, or the
// parts of a bundle ("bundle_emb.NAME.string_to_param.*", "bundle_emb.NAME.clip_l") one below the
// other, or the first tensor. (vectors, width). Throws bad_file for other shapes or an empty file.
[[nodiscard]] Array pick_embedding(const StateDict& file, std::string_view key);

// Finds NAME or NAME.safetensors in embeddings/ and its subfolders, never outside them. A file that
// cannot be read is passed over with a warning.
[[nodiscard]] EmbeddingFinder embedding_finder(const Services& services);

}  // namespace sagitta::nodes
