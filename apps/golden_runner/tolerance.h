// How far a result may lie from the expected one. Golden headers say it in words, such as
// "rel 3e-4 of max|.|; mask exactly equal".
#pragma once

#include "sagitta/core/array.h"

#include <string>
#include <string_view>
#include <vector>

namespace golden {

struct Tolerance {
  enum class Kind {
    equal,
    absolute,  // value
    relative,  // value * max|expected|
    mixed,     // value * (1 + max|expected|)
  };
  Kind kind = Kind::equal;
  double value = 0;

  // The largest difference that is accepted for these expected values.
  [[nodiscard]] double limit(const sagitta::Array& expected) const;
};

[[nodiscard]] std::string to_string(const Tolerance& tolerance);

// The clauses of a header's text, separated by ';', ',' and "and". Parts in parentheses are
// remarks. A clause without "abs", "rel" or "equal" is of the kind of the clause before it;
// "relative to max|.|" makes all clauses of its sentence relative.
class Tolerances {
 public:
  // Throws bad_file if the text holds no clause at all.
  explicit Tolerances(std::string_view text);

  // The first clause that mentions the subject as a word ("runs", "mask"), otherwise the first.
  [[nodiscard]] const Tolerance& of(std::string_view subject) const;
  [[nodiscard]] const Tolerance& first() const { return clauses_.front().tolerance; }

 private:
  struct Clause {
    Tolerance tolerance;
    std::vector<std::string> words;
  };
  void read_sentence(std::string_view sentence);

  std::vector<Clause> clauses_;
};

}  // namespace golden
