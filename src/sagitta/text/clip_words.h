// The text rules of the CLIP tokenizer before byte-pair encoding (Radford et al. 2021): cleaning,
// lower case, and the split into words, numbers and punctuation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::text {

inline constexpr std::string_view kStartOfText = "<|startoftext|>";
inline constexpr std::string_view kEndOfText = "<|endoftext|>";

// The pieces that are encoded one by one, as UTF-8. Literal special tokens are pieces of their own.
// Control characters and U+FFFD (so also invalid UTF-8) are dropped, ideographs stand alone, the
// rest is NFC and lower case. Pieces are never empty and hold no white space.
[[nodiscard]] std::vector<std::string> clip_words(std::string_view text);

}  // namespace sagitta::text
