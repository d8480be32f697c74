#include "sagitta/diffusion/token_texts.h"

namespace sagitta {

std::shared_ptr<const TokenTexts> token_texts(const text::ClipTokenizer& tokenizer,
                                              std::string_view prompt) {
  bool embeddings = false;
  const text::TokenizedPrompt tokenized =
      text::tokenize_prompt(tokenizer, prompt, {.pad = {}, .embeddings = [&](std::string_view) {
                                                  embeddings = true;
                                                  return std::optional<text::EmbeddingInfo>();
                                                }});
  if (embeddings) return nullptr;
  TokenTexts texts;
  for (const text::Chunk& chunk : tokenized.chunks) {
    for (const text::Token& token : chunk) {
      const bool special = token.id == tokenizer.begin_id() || token.id == tokenizer.end_id();
      texts.push_back(special ? std::string() : tokenizer.decode({&token.id, 1}));
    }
  }
  return std::make_shared<const TokenTexts>(std::move(texts));
}

}  // namespace sagitta
