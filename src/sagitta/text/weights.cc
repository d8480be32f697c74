#include "sagitta/text/weights.h"

#include <cstddef>
#include <limits>
#include <optional>

#include "sagitta/text/python_float.h"
#include "sagitta/text/unicode.h"

namespace sagitta::text {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
constexpr double kNested = 1.1;

// Escaped parentheses become two control bytes during parsing. The bytes are part of the notation:
// a prompt that holds them gets parentheses too.
constexpr char kEscape = '\0';
constexpr char kEscapedClose = '\1';
constexpr char kEscapedOpen = '\2';

std::string hide_escapes(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == '(' || next == ')')) {
      result += kEscape;
      result += next == '(' ? kEscapedOpen : kEscapedClose;
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string show_escapes(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == kEscape && (next == kEscapedOpen || next == kEscapedClose)) {
      result += next == kEscapedOpen ? '(' : ')';
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

// Parses with a stack of its own, since prompts may nest deeper than the stack of a thread. Groups
// lie inside each other, so a plain scan of each would be quadratic; the tables below answer in
// constant time what such a scan would find.
class WeightParser {
 public:
  explicit WeightParser(std::string_view text) : text_(text) {
    closing_.assign(text.size(), kNone);
    last_colon_.assign(text.size() + 1, kNone);
    last_bracket_.assign(text.size() + 1, kNone);
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '(') {
        open.push_back(i);
      } else if (c == ')' && !open.empty()) {
        closing_[open.back()] = i;
        open.pop_back();
      }
      last_colon_[i + 1] = c == ':' ? i : last_colon_[i];
      last_bracket_[i + 1] = c == '(' || c == ')' ? i : last_bracket_[i];
    }
  }

  std::vector<Segment> parse() {
    std::vector<Segment> segments;
    std::vector<Range> open = {{0, text_.size(), 1.0}};
    while (!open.empty()) {
      if (open.back().begin == open.back().end) {
        open.pop_back();
        continue;
      }
      Range& range = open.back();
      const std::size_t begin = range.begin;
      const std::size_t end = item_end(begin, range.end);
      const double weight = range.weight;
      range.begin = end;
      if (text_[begin] == '(' && text_[end - 1] == ')') {
        open.push_back(group({begin + 1, end - 1, weight * kNested}));
      } else {
        segments.push_back({show_escapes(text_.substr(begin, end - begin)), weight});
      }
    }
    return segments;
  }

 private:
  struct Range {
    std::size_t begin;
    std::size_t end;
    double weight;
  };

  // An item is a balanced group, or the text before the next group. A group that does not end in
  // the range extends to the end of it, and so does text with too many closing parentheses.
  [[nodiscard]] std::size_t item_end(std::size_t begin, std::size_t limit) const {
    if (text_[begin] == '(') return closing_[begin] < limit ? closing_[begin] + 1 : limit;
    std::size_t surplus = 0;  // of closing parentheses
    for (std::size_t i = begin; i < limit; ++i) {
      if (text_[i] == ')') ++surplus;
      if (text_[i] != '(') continue;
      if (surplus == 0) return i;
      --surplus;
    }
    return limit;
  }

  // Replaces the weight of the content of a group if the content ends in a colon and a number.
  [[nodiscard]] Range group(Range content) const {
    const std::size_t colon = last_colon_[content.end];
    if (colon == kNone || colon <= content.begin) return content;
    // A number has no parentheses, and without this test nested groups would read it repeatedly.
    const std::size_t bracket = last_bracket_[content.end];
    if (bracket != kNone && bracket > colon) return content;
    const auto weight = python_float(text_.substr(colon + 1, content.end - colon - 1));
    return weight ? Range{content.begin, colon, *weight} : content;
  }

  std::string_view text_;
  std::vector<std::size_t> closing_;       // of "(": index of its ")", or kNone
  std::vector<std::size_t> last_colon_;    // index of the last ":" before a position, or kNone
  std::vector<std::size_t> last_bracket_;  // the same for parentheses
};

}  // namespace

std::vector<Segment> parse_weights(std::string_view prompt) {
  const std::string hidden = hide_escapes(valid_utf8(prompt));
  return WeightParser(hidden).parse();
}

}  // namespace sagitta::text
