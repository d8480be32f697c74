// From a prompt to what a CLIP text encoder reads: chunks of 77 weighted tokens, some of which may
// be vectors of textual-inversion embeddings (Gal et al. 2022), named "embedding:name" in the
// prompt.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sagitta/text/bpe.h"

namespace sagitta::text {

// A chunk is one begin token, up to 75 tokens of the prompt, one end token, and padding.
inline constexpr std::size_t kChunkTokens = 77;

// Longer prompts, in bytes, and prompts of more tokens are refused.
inline constexpr std::size_t kMaxPromptBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxPromptTokens = std::size_t{1} << 20U;

struct Token {
  static constexpr std::int32_t kVector = -1;  // as id: a vector of an embedding

  std::int32_t id = 0;         // id of the vocabulary, or kVector
  std::int32_t embedding = 0;  // for kVector: which embedding, as the lookup numbered it
  std::int32_t row = 0;        // for kVector: which of its vectors
  double weight = 1;           // begin, end and padding have 1

  bool operator==(const Token&) const = default;
};

using Chunk = std::array<Token, kChunkTokens>;

// What a lookup knows about an embedding: a number of its own choice and the number of vectors.
struct EmbeddingInfo {
  std::int32_t index = 0;
  std::int32_t vectors = 0;
};

// Finds an embedding by the name in the prompt (valid UTF-8, never empty, not checked otherwise: it
// may be a path with ".."), or gives nullopt if there is none.
using EmbeddingLookup = std::function<std::optional<EmbeddingInfo>(std::string_view name)>;

struct PromptOptions {
  std::optional<std::int32_t> pad =
      {};                           // id of padding; default: the end id (CLIP-L). OpenCLIP uses 0.
  EmbeddingLookup embeddings = {};  // without one, "embedding:name" is plain text
};

struct TokenizedPrompt {
  std::vector<Chunk> chunks;                    // at least one
  std::vector<std::string> missing_embeddings;  // names that the lookup did not find; left out
};

// Reads the weights and embeddings of the prompt and distributes the tokens over chunks. A part of
// 8 or more tokens may be split between two chunks, a shorter one moves to the next chunk whole;
// parts are weighted segments and embeddings. Throws Fault::bad_input if the prompt is too long.
[[nodiscard]] TokenizedPrompt tokenize_prompt(const ClipTokenizer& tokenizer,
                                              std::string_view prompt,
                                              const PromptOptions& options = {});

}  // namespace sagitta::text
