#include "sagitta/base/log.h"

#include <atomic>
#include <cstdio>
#include <string>

namespace sagitta {
namespace {

// The one process-wide setting: it belongs to the terminal, of which a process has one.
std::atomic<LogLevel> g_level{LogLevel::info};

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }

LogLevel log_level() { return g_level; }

void log_line(LogLevel level, std::string_view text) {
  const std::string line =
      fmt::format("sagitta: {}{}\n", level == LogLevel::warning ? "warning: " : "", text);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace sagitta
