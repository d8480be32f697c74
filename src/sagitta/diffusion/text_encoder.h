// From a prompt to a text conditioning: tokens, embeddings, transformer, weights. A Clip is what the
// node graph calls CLIP.
#pragma once

#include "sagitta/diffusion/conditioning.h"
#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/network.h"
#include "sagitta/text/prompt.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

// Finds a textual-inversion embedding by its name in the prompt, for an encoder of the given key
// ("clip_l"...) and width: (vectors, width), or null. It may find one of another width.
using EmbeddingFinder = std::function<std::shared_ptr<const Array>(
    std::string_view name, std::string_view key, std::int64_t width)>;

struct Clip {
  Device* device = nullptr;
  // One, or two whose contexts are joined in this order. The last one gives the pooled text.
  std::vector<models::Network<models::ClipTextModel>> encoders = {};
  std::shared_ptr<const text::ClipTokenizer> tokenizer = {};
  EmbeddingFinder embeddings = {};
  // Which layer conditions: -1 the last, -2 the last but one, ... (CLIP skip); none: each encoder's
  // default.
  std::optional<int> layer = {};
};

struct EncodedText {
  Array context;  // (1, 77 * chunks, width): the widths of the encoders add up
  Array pooled;   // (1, width): the first chunk's end token after the final norm and the projection
};

// A token's weight w moves its vector away from that of an empty prompt: (z - z_empty) w + z_empty.
// Embeddings that are unknown, or of another width, are left out with a warning. Where the encoders
// come to different lengths, the longer context is cut.
[[nodiscard]] EncodedText encode_text(const Clip& clip, std::string_view prompt);

// The same with a prompt for each of SDXL's encoders; the shorter one is filled up with empty
// chunks. Throws bad_input unless there are both.
struct SdxlPrompt {
  std::string l;
  std::string g;
};
[[nodiscard]] EncodedText encode_text(const Clip& clip, const SdxlPrompt& prompt);

// One encoder alone: its own context and pooled text.
[[nodiscard]] EncodedText encode_text(const Clip& clip, const models::ClipTextModel& encoder,
                                      std::string_view prompt);

// encode_text as a conditioning of one entry.
[[nodiscard]] Conditioning encode_prompt(const Clip& clip, std::string_view prompt);
[[nodiscard]] Conditioning as_conditioning(EncodedText encoded);

}  // namespace sagitta
