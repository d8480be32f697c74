// Ctrl-C asks a run to stop at its next step; a second one ends the program at once.
#pragma once

#include <atomic>

namespace sagitta::cli {

// Catches SIGINT and SIGTERM from now on. The flag becomes true when one arrives.
[[nodiscard]] const std::atomic<bool>& catch_interrupts();

}  // namespace sagitta::cli
