#include "sagitta/text/byte_alphabet.h"

#include <cstddef>

namespace sagitta::text {
namespace {

constexpr int kVisible = 188;  // 94 of ASCII, then 12 and 82 of Latin-1

constexpr bool is_visible(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<unsigned char, 256> make_order() {
  std::array<unsigned char, 256> order{};
  std::size_t visible = 0;
  std::size_t hidden = kVisible;
  for (int byte = 0; byte < 256; ++byte)
    order[is_visible(byte) ? visible++ : hidden++] = static_cast<unsigned char>(byte);
  return order;
}

constexpr std::array<unsigned char, 256> kOrder = make_order();

constexpr std::array<char32_t, 256> make_symbols() {
  std::array<char32_t, 256> symbols{};
  for (std::size_t i = 0; i < 256; ++i)
    symbols[kOrder[i]] = static_cast<char32_t>(i < kVisible ? kOrder[i] : 0x100 + i - kVisible);
  return symbols;
}

constexpr std::array<char32_t, 256> kSymbols = make_symbols();

}  // namespace

const std::array<unsigned char, 256>& byte_order() { return kOrder; }

char32_t byte_symbol(unsigned char byte) { return kSymbols[byte]; }

std::optional<unsigned char> symbol_byte(char32_t symbol) {
  if (symbol < 0x100 && is_visible(static_cast<int>(symbol)))
    return static_cast<unsigned char>(symbol);
  if (symbol >= 0x100 && symbol < 0x100 + 256 - kVisible) return kOrder[symbol - 0x100 + kVisible];
  return std::nullopt;
}

}  // namespace sagitta::text
