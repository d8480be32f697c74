// Linked instead of the CUDA backend in a build without it: the only trace of that choice in C++.
#include "sagitta/backend/cuda/open.h"
#include "sagitta/base/error.h"

namespace sagitta::cuda {

int count() { return 0; }

std::unique_ptr<Device> open(std::string_view name, const DeviceOptions& /*options*/) {
  throw Error(Fault::unsupported, fmt::format("device '{}': this build has no CUDA backend", name));
}

}  // namespace sagitta::cuda
