// Diagnostics for the person at the terminal: one line each, on standard error.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace sagitta {

enum class LogLevel { debug, info, warning, silent };

// Lines below this level are dropped. The default is info.
void set_log_level(LogLevel level);
[[nodiscard]] LogLevel log_level();

// Writes "sagitta: text" ("sagitta: warning: text" for warnings) and a newline in one write.
void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> message, Args&&... args) {
  if (level >= log_level()) log_line(level, fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace sagitta
