// The one exception type of the project, and the one way to throw it.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace sagitta {

// Who can fix it? The edges of the program map each kind to an exit code or a status.
enum class Fault {
  bad_input,      // a value that the user gave
  bad_file,       // a file that is broken, missing or not what it should be
  unsupported,    // valid, but sagitta cannot do it
  out_of_memory,  // the machine is too small for the request
  cancelled,      // the user asked to stop
  internal,       // a mistake of ours
};

class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& what) : std::runtime_error(what), fault_(fault) {}
  [[nodiscard]] Fault fault() const noexcept { return fault_; }

 private:
  Fault fault_;
};

// Throws Error{fault} with the formatted message unless ok. The message is built only on failure.
template <class... Args>
void require(bool ok, Fault fault, fmt::format_string<Args...> message, Args&&... args) {
  if (!ok) throw Error(fault, fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace sagitta
