// What stands at the positions of a prompt's context: for people who look at attention maps.
#pragma once

#include "sagitta/nn/pass.h"
#include "sagitta/text/prompt.h"

#include <memory>
#include <string_view>

namespace sagitta {

// The pieces of the prompt as the tokenizer cut it, 77 per chunk. Null for a prompt with
// embeddings, of which it cannot tell where their vectors end.
[[nodiscard]] std::shared_ptr<const TokenTexts> token_texts(const text::ClipTokenizer& tokenizer,
                                                            std::string_view prompt);

}  // namespace sagitta
