// From Python's spelling of a pattern to PCRE2's.
#include "sagitta/base/error.h"
#include "sagitta/text/regex.h"

#include <algorithm>
#include <cctype>

namespace sagitta::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Translator {
 public:
  explicit Translator(std::string_view pattern) : rest_(pattern) {}

  std::string translate() {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        class_character(c);
      } else if (c == '[') {
        begin_class();
      } else if (c == '(') {
        group();
      } else if (c == '{') {
        repetition();
      } else {
        take(1);
      }
    }
    return std::move(out_);
  }

 private:
  void take(std::size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(std::min(count, rest_.size()));
  }
  void write(std::string_view text, std::size_t instead_of) {
    out_ += text;
    rest_.remove_prefix(instead_of);
  }

  void escape() {
    require(rest_.size() > 1, Fault::bad_input, "bad escape (end of pattern)");
    const char c = rest_[1];
    if (c == 'Z' && !in_class_) return write("\\z", 2);
    if (c == 'v') return write("\\x0b", 2);
    if (c == 'u') return code_point(4);
    if (c == 'U') return code_point(8);
    const bool letter = std::isalpha(static_cast<unsigned char>(c)) != 0;
    constexpr std::string_view kKnown = "abdDfnrsStwWx";
    constexpr std::string_view kOutside = "AB";
    require(!letter || kKnown.find(c) != std::string_view::npos ||
                (!in_class_ && kOutside.find(c) != std::string_view::npos),
            Fault::bad_input, "bad escape \\{}", c);
    require(c != 'x' || digits(2, 2) == 2, Fault::bad_input, "bad escape \\x");
    take(2);
  }

  // How many hexadecimal digits there are from `begin` on, up to `most`.
  [[nodiscard]] std::size_t digits(std::size_t begin, std::size_t most) const {
    std::size_t count = 0;
    while (count < most && begin + count < rest_.size() &&
           std::isxdigit(static_cast<unsigned char>(rest_[begin + count])) != 0) {
      ++count;
    }
    return count;
  }

  void code_point(std::size_t length) {
    require(digits(2, length) == length, Fault::bad_input, "bad escape \\{}", rest_[1]);
    const std::string digits(rest_.substr(2, length));
    write("\\x{" + digits + "}", 2 + length);
  }

  void begin_class() {
    in_class_ = true;
    take(rest_.starts_with("[^") ? 2 : 1);
    if (rest_.starts_with(']')) write("\\]", 1);
  }

  void class_character(char c) {
    if (c == '[') return write("\\[", 1);  // [: :] is no class of its own in Python
    if (c == ']') in_class_ = false;
    take(1);
  }

  // Only what Python knows behind "(?" and no "(*".
  void group() {
    const std::string_view inside = rest_.substr(1);
    require(!inside.starts_with('*'), Fault::bad_input, "nothing to repeat after (");
    if (inside.starts_with('?')) {
      const std::string_view kind = inside.substr(1);
      const auto begins = [&](std::string_view text) { return kind.starts_with(text); };
      constexpr std::string_view kFlags = "imsx-";
      const bool known = begins(":") || begins("=") || begins("!") || begins(">") || begins("#") ||
                         begins("<=") || begins("<!") || begins("P<") || begins("P=") ||
                         condition(kind) ||
                         (!kind.empty() && kFlags.find(kind[0]) != std::string_view::npos);
      require(known, Fault::bad_input, "unknown extension (?{}", kind.substr(0, 1));
      if (begins("#"))
        return take(rest_.find(')') == std::string_view::npos ? rest_.size() : rest_.find(')') + 1);
    }
    take(1);
    if (rest_.starts_with('?')) take(rest_.starts_with("?P") ? 3 : 2);
  }

  // "(1)" or "(name)" as the condition of a group.
  static bool condition(std::string_view kind) {
    if (!kind.starts_with('(')) return false;
    const std::string_view name = kind.substr(1, std::min(kind.find(')'), kind.size()) - 1);
    const bool plain =
        std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    // PCRE2 has words of its own here: R, R1, DEFINE...
    return plain && !name.empty() && (is_digit(name[0]) || (name[0] != 'R' && name != "DEFINE"));
  }

  // {,5} counts from 0 in Python.
  void repetition() {
    std::size_t end = 2;
    if (rest_.starts_with("{,")) {
      while (end < rest_.size() && is_digit(rest_[end])) ++end;
      if (end < rest_.size() && rest_[end] == '}') return write("{0,", 2);
    }
    take(1);
  }

  std::string_view rest_;
  std::string out_;
  bool in_class_ = false;
};

}  // namespace

std::string to_pcre(std::string_view pattern) { return Translator(pattern).translate(); }

}  // namespace sagitta::text
