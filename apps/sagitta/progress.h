// Progress on standard error: one line that is redrawn on a terminal, a line now and then
// elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sagitta::cli {

class ProgressLine {
 public:
  struct Sink {
    bool terminal = false;                        // may the line be redrawn?
    int columns = 80;                             // width of the terminal
    std::function<void(std::string_view)> write;  // takes text with its own line ends
    std::function<double()> now;                  // seconds, from any beginning
  };

  explicit ProgressLine(Sink sink) : sink_(std::move(sink)) {}
  // Writes to standard error and asks it whether it is a terminal.
  [[nodiscard]] static Sink standard_error();

  // A task of that name begins; on a terminal the line shows it.
  void begin(std::string_view label);
  // Another name for the task that is under way; its numbers go on.
  void rename(std::string_view label) { label_ = label; }
  // `value` of `max` steps of the task are done. The first report also starts the clock of the
  // speed, so that work before the first step (loading, packing) does not count.
  void update(std::int64_t value, std::int64_t max);
  // The task is over. A bar is completed with its last numbers, a mere name is wiped.
  void end();

 private:
  [[nodiscard]] std::string numbers() const;
  void redraw();

  Sink sink_;
  std::string label_;
  std::int64_t value_ = 0;
  std::int64_t max_ = 0;
  std::int64_t first_value_ = 0;
  double begin_time_ = 0;  // of the task
  double first_time_ = 0;  // of its first report
  double time_ = 0;        // of its last report
  double drawn_time_ = 0;  // of the last line written elsewhere than on a terminal
  bool drawn_ = false;     // the terminal's line is not empty
};

// 75 -> "01:15", 4000 -> "1:06:40".
[[nodiscard]] std::string clock_text(double seconds);

}  // namespace sagitta::cli
