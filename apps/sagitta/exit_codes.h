// What the program's exit status means. Stated in --help and relied on by scripts: never renumber.
#pragma once

#include "sagitta/base/error.h"

#include <string>

namespace sagitta::cli {

enum ExitCode : int {
  kOk = 0,
  kInternal = 1,
  kBadInput = 2,
  kBadFile = 3,
  kUnsupported = 4,
  kOutOfMemory = 5,
  kCancelled = 130,  // 128 + SIGINT, as shells have it
};

[[nodiscard]] ExitCode exit_code(Fault fault);
// The name of a fault for machines: "bad_input", "bad_file"...
[[nodiscard]] std::string fault_name(Fault fault);
// The paragraph about exit codes at the end of --help.
[[nodiscard]] std::string exit_code_help();

}  // namespace sagitta::cli
