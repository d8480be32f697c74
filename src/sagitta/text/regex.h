// Regular expressions in the language of Python's `re`, matched by PCRE2 within limits, so that no
// pattern takes for ever.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::text {

struct RegexOptions {
  bool ignore_case = false;
  bool multiline = false;  // ^ and $ at every line
  bool dotall = false;     // . is a line end, too
};

// Group 0 is the whole match; a group that took no part is nothing. The views are into the subject.
struct RegexMatch {
  std::vector<std::optional<std::string_view>> groups;
};

class Regex {
 public:
  // Throws Error{bad_input} that says what is wrong with the pattern. What PCRE2 knows beyond
  // Python is refused like other mistakes.
  Regex(std::string_view pattern, const RegexOptions& options);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  [[nodiscard]] std::size_t group_count() const;  // without group 0

  // re.search and re.finditer, at most `most` matches (0: all). The subject is UTF-8. Throws
  // Error{bad_input} if the search takes too many steps, too much memory, or some seconds.
  [[nodiscard]] std::optional<RegexMatch> search(std::string_view subject) const;
  [[nodiscard]] std::vector<RegexMatch> find_all(std::string_view subject,
                                                 std::size_t most = 0) const;

  // re.sub: \1, \g<1>, \g<name> and \n in the replacement are what they are in Python. Throws
  // Error{bad_input} for other escapes, unknown groups, and results of more than kMaxResult bytes.
  [[nodiscard]] std::string replace(std::string_view subject, std::string_view replacement,
                                    std::size_t most = 0) const;
  static constexpr std::size_t kMaxResult = std::size_t{16} << 20;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

// The pattern as PCRE2 writes it; throws Error{bad_input} for what Python does not know.
[[nodiscard]] std::string to_pcre(std::string_view pattern);

}  // namespace sagitta::text
