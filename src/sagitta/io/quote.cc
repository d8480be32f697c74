#include "sagitta/io/quote.h"

#include <fmt/format.h>

#include <cstddef>

namespace sagitta::io {

std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  if (text.size() <= kLongest) return fmt::format("{:?}", text);
  std::size_t cut = kLongest;
  // Not in the middle of a UTF-8 sequence.
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return fmt::format("{:?}... ({} bytes)", text.substr(0, cut), text.size());
}

}  // namespace sagitta::io
