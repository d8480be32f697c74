// From a prompt to a text conditioning: tokens, embeddings, transformer, weights. A Clip is what the
// node graph calls CLIP.
#pragma once

#include "sagitta/diffusion/conditioning.h"
#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/network.h"
#include "sagitta/text/prompt.h"

#include <functional>
#include <memory>
#include <string_view>

namespace sagitta {

// Finds a textual-inversion embedding by its name in the prompt: (vectors, width), or null.
using EmbeddingFinder = std::function<std::shared_ptr<const Array>(std::string_view name)>;

struct Clip {
  Device* device = nullptr;
  models::Network<models::ClipTextModel> model;
  std::shared_ptr<const text::ClipTokenizer> tokenizer;
  EmbeddingFinder embeddings = {};
  int layer = -1;  // which layer conditions: -1 the last, -2 the last but one, ... (CLIP skip)
};

struct EncodedText {
  Array context;  // (1, 77 * chunks, width)
  Array pooled;   // (1, width): the first chunk's end token after the final norm
};

// A token's weight w moves its vector away from that of an empty prompt: (z - z_empty) w + z_empty.
// Embeddings that are unknown, or of another width, are left out with a warning.
[[nodiscard]] EncodedText encode_text(const Clip& clip, std::string_view prompt);

// encode_text as a conditioning of one entry.
[[nodiscard]] Conditioning encode_prompt(const Clip& clip, std::string_view prompt);

}  // namespace sagitta
