#include "progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace sagitta::cli {
namespace {

constexpr double kSecondsBetweenLines = 5;  // where the line cannot be redrawn

std::string bar(double part, int width) {
  const int full = static_cast<int>(std::lround(part * width));
  return fmt::format("[{:#<{}}{:.<{}}]", "", full, "", width - full);
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::lround(std::clamp(seconds, 0.0, 359'999.0)));
  const std::int64_t hours = whole / 3600;
  const std::int64_t minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{:02}:{:02}", minutes, whole % 60);
}

ProgressLine::Sink ProgressLine::standard_error() {
  winsize size{};
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const bool sized = terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {.terminal = terminal,
          .columns = sized ? size.ws_col : 80,
          .write =
              [](std::string_view text) {
                std::fwrite(text.data(), 1, text.size(), stderr);
                std::fflush(stderr);
              },
          .now =
              [] {
                const auto time = std::chrono::steady_clock::now().time_since_epoch();
                return std::chrono::duration<double>(time).count();
              }};
}

void ProgressLine::begin(std::string_view label) {
  end();
  label_ = label;
  value_ = 0;
  max_ = 0;
  begin_time_ = sink_.now();
  drawn_time_ = begin_time_;
  if (sink_.terminal) redraw();
}

void ProgressLine::update(std::int64_t value, std::int64_t max) {
  time_ = sink_.now();
  if (max_ == 0 || value < value_) {
    first_value_ = value;
    first_time_ = time_;
  }
  value_ = std::clamp(value, std::int64_t{0}, std::max(max, std::int64_t{0}));
  max_ = std::max(max, std::int64_t{1});
  if (sink_.terminal) {
    redraw();
  } else if (value_ == max_ || time_ - drawn_time_ >= kSecondsBetweenLines) {
    drawn_time_ = time_;
    sink_.write(fmt::format("{}: {}\n", label_, numbers()));
  }
}

void ProgressLine::end() {
  if (!drawn_) return;
  sink_.write(max_ > 0 ? "\n" : "\r\x1b[K");
  drawn_ = false;
}

// 12/20, 3.41 it/s, 00:04 left
std::string ProgressLine::numbers() const {
  std::string text = fmt::format("{}/{}", value_, max_);
  // Until a second step has been seen, the time since the beginning is the best guess.
  const bool two = value_ > first_value_;
  const double steps = static_cast<double>(two ? value_ - first_value_ : value_);
  const double seconds = time_ - (two ? first_time_ : begin_time_);
  if (steps <= 0 || seconds <= 0) return text;
  const double rate = steps / seconds;
  text += rate >= 1 ? fmt::format(", {:.2f} it/s", rate) : fmt::format(", {:.2f} s/it", 1 / rate);
  if (value_ == max_) return fmt::format("{}, took {}", text, clock_text(time_ - begin_time_));
  return fmt::format("{}, {} left", text, clock_text(static_cast<double>(max_ - value_) / rate));
}

void ProgressLine::redraw() {
  constexpr int kBar = 24;
  std::string line = label_;
  if (max_ > 0) {
    const double part = static_cast<double>(value_) / static_cast<double>(max_);
    line = fmt::format("{} {} {}", label_, bar(part, kBar), numbers());
  }
  // A line that wraps cannot be redrawn in place.
  const auto limit = static_cast<std::size_t>(std::max(sink_.columns - 1, 10));
  if (line.size() > limit) line.resize(limit);
  sink_.write(fmt::format("\r{}\x1b[K", line));
  drawn_ = true;
}

}  // namespace sagitta::cli
