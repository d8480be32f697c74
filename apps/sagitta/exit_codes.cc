#include "exit_codes.h"

namespace sagitta::cli {

ExitCode exit_code(Fault fault) {
  switch (fault) {
    case Fault::bad_input:
      return kBadInput;
    case Fault::bad_file:
      return kBadFile;
    case Fault::unsupported:
      return kUnsupported;
    case Fault::out_of_memory:
      return kOutOfMemory;
    case Fault::cancelled:
      return kCancelled;
    case Fault::internal:
      return kInternal;
  }
  return kInternal;
}

std::string fault_name(Fault fault) {
  switch (fault) {
    case Fault::bad_input:
      return "bad_input";
    case Fault::bad_file:
      return "bad_file";
    case Fault::unsupported:
      return "unsupported";
    case Fault::out_of_memory:
      return "out_of_memory";
    case Fault::cancelled:
      return "cancelled";
    case Fault::internal:
      return "internal";
  }
  return "internal";
}

std::string exit_code_help() {
  return "Exit codes:\n"
         "    0  done\n"
         "    1  internal error: a mistake of sagitta's\n"
         "    2  bad input: options, workflow or a value in it\n"
         "    3  bad file: missing, broken or not what it should be\n"
         "    4  unsupported: valid, but sagitta cannot do it\n"
         "    5  out of memory\n"
         "  130  cancelled with Ctrl-C";
}

}  // namespace sagitta::cli
