// A factor on a guidance scale that changes over the schedule.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace sagitta {

// Points "percent:factor" of a piecewise linear curve, e.g. "0:0, 0.3:1, 1:0.2"; percent is the part
// of the schedule that is done (0..1). Constant before the first point and after the last.
class ScaleSchedule {
 public:
  ScaleSchedule() = default;  // 1 everywhere
  // An empty text is 1 everywhere. Throws bad_input for anything that is no such list, for
  // percents outside 0..1 and for percents that do not rise.
  explicit ScaleSchedule(std::string_view text);

  [[nodiscard]] float at(double percent) const;
  [[nodiscard]] bool constant() const { return points_.empty(); }

 private:
  std::vector<std::pair<double, double>> points_;
};

}  // namespace sagitta
