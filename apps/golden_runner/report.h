// What came out of one golden file: a line for each comparison, and a verdict for the file.
#pragma once

#include "golden_runner/tolerance.h"
#include "sagitta/core/array.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace golden {

enum class Verdict { passed, failed, skipped };

struct Check {
  std::string name;
  Verdict verdict = Verdict::passed;
  std::string detail;
  double load = 0;  // the error as a share of what is allowed; infinite if nothing is
};

class Report {
 public:
  // Compares shapes and values. Not-a-number equals not-a-number, infinity itself.
  void check(std::string name, const sagitta::Array& got, const sagitta::Array& expected,
             const Tolerance& tolerance);
  // For what is no array: detail tells what differs and is used only if ok is false.
  void check_that(std::string name, bool ok, std::string detail = {});
  void fail(std::string name, std::string reason);
  // Part of a file that is left out on purpose.
  void skip(std::string name, std::string reason);
  // Runs a part of a file; an exception is a failure of that part only.
  void attempt(const std::string& name, const std::function<void()>& part);

  [[nodiscard]] const std::vector<Check>& checks() const { return checks_; }
  // Failed if any check failed; skipped if nothing was checked at all.
  [[nodiscard]] Verdict verdict() const;
  // "84 checks, worst 0.12 of the tolerance (randn/seed0/5)", with skipped and failed parts
  // counted.
  [[nodiscard]] std::string summary() const;

 private:
  std::vector<Check> checks_;
};

}  // namespace golden
