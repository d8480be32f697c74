// The alphabet of byte-level BPE files: each of the 256 bytes is written as one visible character,
// so that vocabularies are text. Radford et al. 2019 (GPT-2).
#pragma once

#include <array>
#include <optional>

namespace sagitta::text {

// The bytes in the order of the vocabulary: "!" has id 0, "a" has id 64.
[[nodiscard]] const std::array<unsigned char, 256>& byte_order();

// The character that stands for a byte: itself where it is visible, else U+0100 and up.
[[nodiscard]] char32_t byte_symbol(unsigned char byte);

// The byte that a character stands for.
[[nodiscard]] std::optional<unsigned char> symbol_byte(char32_t symbol);

}  // namespace sagitta::text
