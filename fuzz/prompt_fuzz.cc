// Arbitrary bytes as a prompt: parsing and tokenizing must keep their promises and never crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sagitta/text/bpe.h"
#include "sagitta/text/prompt.h"
#include "sagitta/text/unicode.h"
#include "sagitta/text/weights.h"

namespace {

namespace text = sagitta::text;

constexpr std::int32_t kVectors = 9;

// Names that begin with "e" exist, the others are missing.
std::optional<text::EmbeddingInfo> find_embedding(std::string_view name) {
  if (!name.starts_with('e')) return std::nullopt;
  return text::EmbeddingInfo{.index = 1, .vectors = kVectors};
}

void check(bool ok) {
  if (!ok) std::abort();
}

void check_chunk(const text::Chunk& chunk, const text::ClipTokenizer& tokenizer) {
  check(chunk.front() == text::Token{.id = tokenizer.begin_id()});
  bool ended = false;
  for (const text::Token& token : chunk) {
    check(token.id == text::Token::kVector || (token.id >= 0 && token.id < tokenizer.size()));
    check(token.row >= 0 && token.row < kVectors);
    ended = ended || token.id == tokenizer.end_id();
  }
  check(ended);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view prompt(reinterpret_cast<const char*>(data), size);
  const text::ClipTokenizer& tokenizer = text::clip_tokenizer();

  for (const text::Segment& segment : text::parse_weights(prompt)) {
    check(!segment.text.empty());
    check(text::valid_utf8(segment.text) == segment.text);
  }
  const auto with_embeddings =
      text::tokenize_prompt(tokenizer, prompt, {.pad = 0, .embeddings = find_embedding});
  check(!with_embeddings.chunks.empty());
  for (const text::Chunk& chunk : with_embeddings.chunks) check_chunk(chunk, tokenizer);
  const auto plain = text::tokenize_prompt(tokenizer, prompt);
  check(plain.missing_embeddings.empty());
  for (const text::Chunk& chunk : plain.chunks) check_chunk(chunk, tokenizer);
  const std::string readable = tokenizer.decode(tokenizer.encode(prompt));
  check(text::valid_utf8(readable) == readable);
  return 0;
}
