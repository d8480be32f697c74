#include "sagitta/text/prompt.h"

#include <algorithm>
#include <span>
#include <utility>

#include "sagitta/base/error.h"
#include "sagitta/text/unicode.h"
#include "sagitta/text/weights.h"

namespace sagitta::text {
namespace {

constexpr std::u32string_view kEmbedding = U"embedding:";
// Parts of at least this many tokens may be split.
constexpr std::size_t kLongPart = 8;

// Splits before every "embedding:" that follows white space. The space stays with the text before.
std::vector<std::u32string_view> split_at_embeddings(std::u32string_view text) {
  std::vector<std::u32string_view> pieces;
  std::size_t begin = 0;
  for (auto at = text.find(kEmbedding, 1); at != std::u32string_view::npos;
       at = text.find(kEmbedding, at + kEmbedding.size())) {
    if (!is_space(text[at - 1])) continue;
    pieces.push_back(text.substr(begin, at - begin));
    begin = at;
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

struct Reference {
  std::u32string name;
  std::u32string rest;  // text behind the name, its white space collapsed
};

// text: what follows "embedding:". The name ends at white space, "<" or "[".
Reference read_reference(std::u32string_view text) {
  Reference result;
  for (const std::u32string_view word : split_at_space(text)) {
    if (result.name.empty()) {
      result.name = word;
    } else {
      if (!result.rest.empty()) result.rest += U' ';
      result.rest += word;
    }
  }
  if (const auto bracket = result.name.find_first_of(U"<["); bracket != std::u32string::npos) {
    result.rest = result.name.substr(bracket) + (result.rest.empty() ? U"" : U" " + result.rest);
    result.name.resize(bracket);
  }
  return result;
}

// The tokens of the prompt in parts, before they are distributed over chunks.
class PartReader {
 public:
  PartReader(const ClipTokenizer& tokenizer, const PromptOptions& options)
      : tokenizer_(tokenizer), options_(options) {}

  void read(const Segment& segment) {
    const std::u32string text = decode_utf8(segment.text);
    for (const std::u32string_view piece : split_at_embeddings(text)) {
      if (options_.embeddings && piece.starts_with(kEmbedding)) {
        add_reference(read_reference(piece.substr(kEmbedding.size())), segment.weight);
      } else {
        add_text(piece, segment.weight);
      }
    }
  }

  std::vector<std::vector<Token>> parts;
  std::vector<std::string> missing;

 private:
  void add_text(std::u32string_view text, double weight) {
    std::vector<Token> part;
    for (const int id : tokenizer_.encode(encode_utf8(text)))
      part.push_back({.id = id, .weight = weight});
    add(std::move(part));
  }

  void add_reference(Reference reference, double weight) {
    auto found = find(reference.name);
    if (!found) {
      const auto is_comma = [](char32_t c) { return c == U','; };
      const auto& name = reference.name;
      const auto begin = std::find_if_not(name.begin(), name.end(), is_comma);
      const auto end = std::find_if_not(name.rbegin(), std::make_reverse_iterator(begin), is_comma);
      const std::u32string stripped(begin, end.base());
      if (stripped.size() < name.size()) {
        found = find(stripped);
        // As many characters as commas were removed go on as text. With commas in front of the name
        // these are not the commas, which looks odd, but pictures depend on it.
        reference.rest = name.substr(stripped.size()) + U" " + reference.rest;
      }
    }
    if (found) {
      add_embedding(*found, weight);
    } else {
      missing.push_back(encode_utf8(reference.name));
    }
    if (!reference.rest.empty()) add_text(reference.rest, weight);
  }

  [[nodiscard]] std::optional<EmbeddingInfo> find(const std::u32string& name) const {
    if (name.empty()) return std::nullopt;
    return options_.embeddings(encode_utf8(name));
  }

  void add_embedding(const EmbeddingInfo& embedding, double weight) {
    require(embedding.vectors >= 0, Fault::internal, "prompt: an embedding has {} vectors",
            embedding.vectors);
    check_count(static_cast<std::size_t>(embedding.vectors));
    std::vector<Token> part;
    part.reserve(static_cast<std::size_t>(embedding.vectors));
    for (std::int32_t row = 0; row < embedding.vectors; ++row)
      part.push_back(
          {.id = Token::kVector, .embedding = embedding.index, .row = row, .weight = weight});
    add(std::move(part));
  }

  void add(std::vector<Token> part) {
    check_count(part.size());
    count_ += part.size();
    if (!part.empty()) parts.push_back(std::move(part));
  }

  void check_count(std::size_t more) const {
    require(more <= kMaxPromptTokens - count_, Fault::bad_input,
            "prompt: more than {} tokens, expected at most that many", kMaxPromptTokens);
  }

  const ClipTokenizer& tokenizer_;
  const PromptOptions& options_;
  std::size_t count_ = 0;
};

// Fills chunks from left to right.
class ChunkWriter {
 public:
  ChunkWriter(const ClipTokenizer& tokenizer, std::int32_t pad) : end_{tokenizer.end_id()} {
    empty_.fill({.id = pad});
    empty_.front() = {.id = tokenizer.begin_id()};
    start();
  }

  void write(std::span<const Token> part) {
    const bool is_long = part.size() >= kLongPart;
    while (part.size() > room()) {
      if (is_long) {
        const std::size_t fitting = room();
        append(part.first(fitting));
        part = part.subspan(fitting);
      }
      close();
      start();
    }
    append(part);
  }

  std::vector<Chunk> finish() {
    close();
    return std::move(chunks_);
  }

 private:
  // One place is kept for the end token.
  [[nodiscard]] std::size_t room() const { return kChunkTokens - 1 - used_; }

  void start() {
    chunks_.push_back(empty_);
    used_ = 1;
  }

  void append(std::span<const Token> tokens) {
    std::copy(tokens.begin(), tokens.end(), chunks_.back().begin() + static_cast<long>(used_));
    used_ += tokens.size();
  }

  void close() { chunks_.back()[used_] = {.id = end_}; }

  Chunk empty_{};
  std::int32_t end_;
  std::vector<Chunk> chunks_;
  std::size_t used_ = 0;
};

}  // namespace

TokenizedPrompt tokenize_prompt(const ClipTokenizer& tokenizer, std::string_view prompt,
                                const PromptOptions& options) {
  require(prompt.size() <= kMaxPromptBytes, Fault::bad_input,
          "prompt: {} bytes long, expected at most {}", prompt.size(), kMaxPromptBytes);
  PartReader reader(tokenizer, options);
  for (const Segment& segment : parse_weights(prompt)) reader.read(segment);
  ChunkWriter writer(tokenizer, options.pad.value_or(tokenizer.end_id()));
  for (const std::vector<Token>& part : reader.parts) writer.write(part);
  return {.chunks = writer.finish(), .missing_embeddings = std::move(reader.missing)};
}

}  // namespace sagitta::text
