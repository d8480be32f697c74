#include "golden_runner/tolerance.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace golden {
namespace {

using Kind = Tolerance::Kind;

constexpr std::string_view kMixedMark = " mixed ";

// Without parentheses, but "* (1 + max|expected|)" is kept as a word of its own.
std::string without_remarks(std::string_view text) {
  std::string out;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') {
      ++depth;
      if (text.substr(i).starts_with("(1 + max")) out += kMixedMark;
    } else if (text[i] == ')' && depth > 0) {
      --depth;
    } else if (depth == 0) {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != ':') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(separator); end != std::string_view::npos;
       end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::optional<double> number_in(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error == std::errc() && end == word.data() + word.size()) return value;
  }
  return std::nullopt;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<Kind> kind_in(const std::vector<std::string>& words) {
  if (contains(words, "mixed")) return Kind::mixed;
  if (contains(words, "equal")) return Kind::equal;
  if (contains(words, "rel") || contains(words, "relative")) return Kind::relative;
  if (contains(words, "abs")) return Kind::absolute;
  return std::nullopt;
}

}  // namespace

double Tolerance::limit(const sagitta::Array& expected) const {
  double largest = 0;
  for (const float x : expected.values()) {
    if (std::isfinite(x)) largest = std::max(largest, std::fabs(static_cast<double>(x)));
  }
  switch (kind) {
    case Kind::equal:
      return 0;
    case Kind::absolute:
      return value;
    case Kind::relative:
      return value * largest;
    case Kind::mixed:
      return value * (1 + largest);
  }
  return 0;
}

std::string to_string(const Tolerance& tolerance) {
  switch (tolerance.kind) {
    case Kind::equal:
      return "equal";
    case Kind::absolute:
      return fmt::format("abs {:g}", tolerance.value);
    case Kind::relative:
      return fmt::format("rel {:g}", tolerance.value);
    case Kind::mixed:
      return fmt::format("{:g} * (1 + max)", tolerance.value);
  }
  return {};
}

Tolerances::Tolerances(std::string_view text) {
  const std::string plain = without_remarks(text);
  for (const std::string_view sentence : split(plain, ";")) read_sentence(sentence);
  sagitta::require(!clauses_.empty(), sagitta::Fault::bad_file,
                   "the header's tolerance \"{}\" is not understood", text);
}

void Tolerances::read_sentence(std::string_view sentence) {
  const std::size_t first = clauses_.size();
  for (const std::string_view part : split(sentence, ",")) {
    for (const std::string_view piece : split(part, " and ")) {
      std::vector<std::string> words = words_of(piece);
      const std::optional<double> value = number_in(words);
      const std::optional<Kind> kind = kind_in(words);
      if (kind == Kind::equal) {
        clauses_.push_back({{.kind = Kind::equal, .value = 0}, std::move(words)});
      } else if (value) {
        // Text such as "2e-3 for runs" alone follows the README: relative.
        const Kind before = clauses_.empty() ? Kind::relative : clauses_.back().tolerance.kind;
        clauses_.push_back({{.kind = kind.value_or(before), .value = *value}, std::move(words)});
      } else if (kind == Kind::relative) {
        for (std::size_t i = first; i < clauses_.size(); ++i) {
          clauses_[i].tolerance.kind = Kind::relative;
        }
      }
      // "abs 2e-4 relative to max|.|" names both: the difference is measured against the maximum.
    }
  }
}

const Tolerance& Tolerances::of(std::string_view subject) const {
  for (const Clause& clause : clauses_) {
    if (contains(clause.words, subject)) return clause.tolerance;
  }
  return first();
}

}  // namespace golden
