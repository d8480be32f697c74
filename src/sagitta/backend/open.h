// Which devices exist here, and how to get one. The only place that knows every backend.
#pragma once

#include "sagitta/core/device.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

struct DeviceOptions {
  DType compute = DType::f32;  // of activations and packed weights: f32 or bf16
  int threads = 0;             // 0: all that the machine has
};

// Opens "cpu", "reference" or "cuda:0". "reference" is slow and always computes in f32 on one
// thread; it defines what the others must answer. Throws Error{unsupported} if this build or this
// machine lacks the device, Error{bad_input} if an option is out of range.
[[nodiscard]] std::unique_ptr<Device> open_device(std::string_view name,
                                                  DeviceOptions options = {});

// The names that open_device accepts here and now, the fastest general choice first.
[[nodiscard]] std::vector<std::string> device_names();

// What "auto", "f32" or "bf16" means here: auto is bf16 where the processor multiplies bf16
// natively (AVX512_BF16 or AMX_BF16), and f32 elsewhere. Throws Error{bad_input} for other names.
[[nodiscard]] DType resolve_compute(std::string_view name);

}  // namespace sagitta
