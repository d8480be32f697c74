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
  bool int8_products = false;  // large weights in int8, multiplied by activations in int8
};

// Opens "cpu", "reference" or "cuda:0". "reference" is slow and always computes in f32 on one
// thread, whatever the options; it defines what the others must answer. Throws Error{unsupported}
// if this build or this machine lacks the device, Error{bad_input} if an option is out of range.
[[nodiscard]] std::unique_ptr<Device> open_device(std::string_view name,
                                                  DeviceOptions options = {});

// The names that open_device accepts here and now, the fastest general choice first.
[[nodiscard]] std::vector<std::string> device_names();

// What "auto", "f32", "bf16" or "int8" means here: auto is bf16 where the processor multiplies bf16
// natively (AVX512_BF16), and f32 elsewhere; int8 is int8 products between activations
// as auto chooses them. Throws Error{bad_input} for other names.
[[nodiscard]] DeviceOptions resolve_dtype(std::string_view name, int threads = 0);

}  // namespace sagitta
