#include "sagitta/text/bpe.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <utility>

#include "sagitta/base/error.h"
#include "sagitta/base/json.h"
#include "sagitta/text/byte_alphabet.h"
#include "sagitta/text/clip_merges.h"
#include "sagitta/text/clip_words.h"
#include "sagitta/text/unicode.h"

namespace sagitta::text {
namespace {

constexpr std::string_view kWordEnd = "</w>";
constexpr std::size_t kBytes = 256;
// The reference reads no more merges than this: 49,152 tokens less 256 bytes and 2 special tokens.
constexpr std::uint32_t kMaxMerges = 49152 - 256 - 2;
constexpr int kMaxId = 1 << 20;
constexpr std::uint32_t kNone = UINT32_MAX;

// The place of each byte in the order of the vocabulary.
std::array<std::uint32_t, kBytes> make_byte_places() {
  std::array<std::uint32_t, kBytes> places{};
  for (std::uint32_t i = 0; i < kBytes; ++i) places[byte_order()[i]] = i;
  return places;
}

std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 32U | right;
}

// Not sagitta::Json: its objects keep their order and are searched one by one, too slow for this
// size.
using Vocabulary = nlohmann::json;

Vocabulary parse_vocabulary(std::string_view vocab_json) {
  Vocabulary vocabulary = Vocabulary::parse(vocab_json, nullptr, false);
  require(vocabulary.is_object(), Fault::bad_file,
          "vocab.json: expected a JSON object of token and id");
  for (const auto& [token, id] : vocabulary.items()) {
    const bool valid = id.is_number_integer() && id >= 0 && id < kMaxId;
    if (valid) continue;
    throw Error(
        Fault::bad_file,
        fmt::format("vocab.json: token '{}' has the id {}, expected an integer from 0 to {}",
                    token.substr(0, 80), id.is_number() ? id.dump() : id.type_name(), kMaxId - 1));
  }
  return vocabulary;
}

int special_id(const Vocabulary& vocabulary, std::string_view token) {
  const auto found = vocabulary.find(std::string(token));
  require(found != vocabulary.end(), Fault::bad_file, "vocab.json: the token '{}' is missing",
          token);
  return found->get<int>();
}

// Splits off the next line, without its line end.
std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// A word in the middle of being merged: a doubly linked list of symbols in a vector.
struct Node {
  std::uint32_t symbol = 0;  // kNone once it became part of its left neighbour
  std::uint32_t previous = kNone;
  std::uint32_t next = kNone;
};

}  // namespace

ClipTokenizer::SymbolTable ClipTokenizer::read_merges(std::string_view merges_text) {
  SymbolTable symbols;
  const auto lines = std::count(merges_text.begin(), merges_text.end(), '\n');
  const auto expected = std::min<std::size_t>(static_cast<std::size_t>(lines), kMaxMerges);
  symbols.reserve(expected + 2 * kBytes);
  merges_.reserve(expected);
  const auto intern = [&symbols](std::string text) {
    return symbols.try_emplace(std::move(text), static_cast<Symbol>(symbols.size())).first->second;
  };
  for (const std::string_view end : {std::string_view(), kWordEnd})
    for (const unsigned char byte : byte_order())
      intern(encode_utf8(std::u32string(1, byte_symbol(byte))).append(end));

  std::uint32_t rank = 0;
  for (int number = 1; !merges_text.empty() && rank < kMaxMerges; ++number) {
    const std::string_view line = next_line(merges_text);
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const auto space = line.find(' ');
    require(space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                line.find(' ', space + 1) == std::string_view::npos,
            Fault::bad_file, "merges.txt: line {} is '{}', expected two tokens", number,
            valid_utf8(line.substr(0, 80)));
    const Symbol left = intern(std::string(line.substr(0, space)));
    const Symbol right = intern(std::string(line.substr(space + 1)));
    const Symbol result = intern(std::string(line.substr(0, space)).append(line.substr(space + 1)));
    merges_.insert_or_assign(pair_key(left, right), Merge{.rank = rank++, .result = result});
  }
  return symbols;
}

ClipTokenizer::ClipTokenizer(std::string_view vocab_json, std::string_view merges_text) {
  const Vocabulary vocabulary = parse_vocabulary(vocab_json);
  begin_id_ = special_id(vocabulary, kStartOfText);
  end_id_ = special_id(vocabulary, kEndOfText);
  const SymbolTable symbols = read_merges(merges_text);
  ids_.assign(symbols.size(), end_id_);
  for (const auto& [token, id] : vocabulary.items()) {
    const auto index = id.get<std::size_t>();
    if (texts_.size() <= index) texts_.resize(index + 1);
    texts_[index] = token;
    if (const auto found = symbols.find(token); found != symbols.end())
      ids_[found->second] = static_cast<int>(index);
  }
}

ClipTokenizer ClipTokenizer::embedded() {
  ClipTokenizer tokenizer;
  const SymbolTable symbols = tokenizer.read_merges(clip_merges());
  // In the published vocabulary bytes and merges are numbered as they come, then the two specials.
  tokenizer.texts_.resize(symbols.size());
  for (const auto& [token, symbol] : symbols) tokenizer.texts_[symbol] = token;
  for (std::size_t i = 0; i < symbols.size(); ++i) tokenizer.ids_.push_back(static_cast<int>(i));
  tokenizer.begin_id_ = static_cast<int>(symbols.size());
  tokenizer.end_id_ = tokenizer.begin_id_ + 1;
  tokenizer.texts_.emplace_back(kStartOfText);
  tokenizer.texts_.emplace_back(kEndOfText);
  return tokenizer;
}

const ClipTokenizer::Merge* ClipTokenizer::find_merge(Symbol left, Symbol right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void ClipTokenizer::encode_word(std::string_view word, std::vector<int>& ids) const {
  static const std::array<std::uint32_t, kBytes> places = make_byte_places();
  const auto n = static_cast<std::uint32_t>(word.size());
  std::vector<Node> nodes(n);
  for (std::uint32_t i = 0; i < n; ++i)
    nodes[i] = {.symbol = places[static_cast<unsigned char>(word[i])],
                .previous = i > 0 ? i - 1 : kNone,
                .next = i + 1 < n ? i + 1 : kNone};
  nodes.back().symbol += kBytes;

  // Pairs that can merge, by rank and then from left to right. Entries may be out of date.
  using Candidate = std::pair<std::uint32_t, std::uint32_t>;  // rank, left node
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto merge_at = [&](std::uint32_t left) -> const Merge* {
    if (left == kNone || nodes[left].symbol == kNone || nodes[left].next == kNone) return nullptr;
    return find_merge(nodes[left].symbol, nodes[nodes[left].next].symbol);
  };
  const auto push = [&](std::uint32_t left) {
    if (const Merge* merge = merge_at(left)) queue.emplace(merge->rank, left);
  };
  for (std::uint32_t i = 0; i < n; ++i) push(i);

  std::vector<std::uint32_t> merged;
  while (!queue.empty()) {
    // All pairs of the best rank merge before any pair that they create is looked at.
    const std::uint32_t rank = queue.top().first;
    merged.clear();
    for (; !queue.empty() && queue.top().first == rank; queue.pop()) {
      const std::uint32_t left = queue.top().second;
      const Merge* merge = merge_at(left);
      if (merge == nullptr || merge->rank != rank) continue;
      const std::uint32_t right = nodes[left].next;
      nodes[left].symbol = merge->result;
      nodes[left].next = nodes[right].next;
      if (nodes[left].next != kNone) nodes[nodes[left].next].previous = left;
      nodes[right].symbol = kNone;
      merged.push_back(left);
    }
    for (const std::uint32_t left : merged) {
      push(nodes[left].previous);
      push(left);
    }
  }
  for (std::uint32_t i = 0; i != kNone; i = nodes[i].next) ids.push_back(ids_[nodes[i].symbol]);
}

std::vector<int> ClipTokenizer::encode(std::string_view text) const {
  std::vector<int> ids;
  for (const std::string& word : clip_words(text)) {
    if (word == kStartOfText) {
      ids.push_back(begin_id_);
    } else if (word == kEndOfText) {
      ids.push_back(end_id_);
    } else {
      encode_word(word, ids);
    }
  }
  return ids;
}

std::string ClipTokenizer::decode(std::span<const int> ids) const {
  std::string text;
  bool gap = false;  // whether a word ended
  for (const int id : ids) {
    if (gap) text += ' ';
    const bool known = id >= 0 && id < size();
    std::string_view token =
        known ? texts_[static_cast<std::size_t>(id)] : std::string_view("\uFFFD");
    gap = !known || id == begin_id_ || id == end_id_ || token.ends_with(kWordEnd);
    if (token.ends_with(kWordEnd)) token.remove_suffix(kWordEnd.size());
    for (const char32_t symbol : decode_utf8(token)) {
      const auto byte = symbol_byte(symbol);
      text += byte ? std::string(1, static_cast<char>(*byte)) : encode_utf8({&symbol, 1});
    }
  }
  return valid_utf8(text);
}

const ClipTokenizer& clip_tokenizer() {
  static const ClipTokenizer tokenizer = ClipTokenizer::embedded();
  return tokenizer;
}

}  // namespace sagitta::text
