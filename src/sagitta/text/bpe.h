// The CLIP tokenizer: byte-level byte-pair encoding with an end-of-word mark (Sennrich et al. 2016;
// Radford et al. 2021). One tokenizer serves any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sagitta::text {

class ClipTokenizer {
 public:
  // From the texts of vocab.json and merges.txt, as in the tokenizer/ folder of a diffusers model.
  // Throws Fault::bad_file if they are not such files or lack a special token.
  ClipTokenizer(std::string_view vocab_json, std::string_view merges_text);

  // The published vocabulary of 49,408 tokens, which is part of the program.
  [[nodiscard]] static ClipTokenizer embedded();

  // Ids of the text without begin and end. Any bytes are text; pieces that the vocabulary lacks get
  // the end id, as in the reference. Takes O(n log n) for n bytes.
  [[nodiscard]] std::vector<int> encode(std::string_view text) const;

  // Readable text of the ids for diagnostics: words are separated by spaces, special tokens appear
  // literally, ids outside the vocabulary as U+FFFD.
  [[nodiscard]] std::string decode(std::span<const int> ids) const;

  [[nodiscard]] int begin_id() const { return begin_id_; }
  [[nodiscard]] int end_id() const { return end_id_; }
  // One more than the largest id.
  [[nodiscard]] int size() const { return static_cast<int>(texts_.size()); }

 private:
  // A symbol is a string that merges know; symbols 0-255 are the bytes in vocabulary order, 256-511
  // the same bytes at the end of a word.
  using Symbol = std::uint32_t;
  struct Merge {
    std::uint32_t rank = 0;
    Symbol result = 0;
  };
  using SymbolTable = std::unordered_map<std::string, Symbol>;

  ClipTokenizer() = default;
  [[nodiscard]] SymbolTable read_merges(std::string_view merges_text);
  [[nodiscard]] const Merge* find_merge(Symbol left, Symbol right) const;
  void encode_word(std::string_view word, std::vector<int>& ids) const;

  std::unordered_map<std::uint64_t, Merge> merges_;  // key: left symbol in the upper half
  std::vector<int> ids_;                             // by symbol
  std::vector<std::string> texts_;                   // by id, as written in vocab.json
  int begin_id_ = 0;
  int end_id_ = 0;
};

// The embedded tokenizer, made at the first call.
[[nodiscard]] const ClipTokenizer& clip_tokenizer();

}  // namespace sagitta::text
