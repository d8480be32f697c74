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

// What open_device accepts, for people.
inline constexpr std::string_view kDeviceHelp =
    "cpu, cuda[:N] (in builds with CUDA), or reference: slow, simple and exact";

// Opens "cpu", "reference", "cuda" (the first one) or "cuda:N". "reference" is slow and always
// computes in f32 on one thread, whatever the options; it defines what the others must answer.
// Throws Error{unsupported} if this build or this machine lacks the device, Error{bad_input} if an
// option is out of range.
[[nodiscard]] std::unique_ptr<Device> open_device(std::string_view name,
                                                  DeviceOptions options = {});

// The names that open_device accepts here and now.
[[nodiscard]] std::vector<std::string> device_names();

// What "auto", "f32", "bf16" or "int8" means for a device: auto is bf16 where it multiplies bf16
// natively (a processor with AVX512_BF16, a GPU with such tensor cores), and f32 elsewhere; int8 is
// int8 products between activations as auto chooses them. Throws Error{bad_input} for other names
// of types; whether there is such a device, open_device says.
[[nodiscard]] DeviceOptions resolve_dtype(std::string_view device, std::string_view dtype,
                                          int threads = 0);

}  // namespace sagitta
