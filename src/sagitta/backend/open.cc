#include "sagitta/backend/open.h"

#include "sagitta/backend/cpu/open.h"
#include "sagitta/backend/cuda/open.h"
#include "sagitta/backend/reference/open.h"
#include "sagitta/base/error.h"

#include <fmt/ranges.h>

namespace sagitta {
namespace {

bool is_cuda(std::string_view device) { return device.starts_with("cuda"); }

bool has_native_bf16(std::string_view device) {
  if (is_cuda(device)) return true;  // in all GPUs that the backend opens
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;  // processors with AMX have it, too
#else
  return false;
#endif
}

}  // namespace

std::unique_ptr<Device> open_device(std::string_view name, DeviceOptions options) {
  require(options.compute == DType::f32 || options.compute == DType::bf16, Fault::bad_input,
          "device '{}': the compute type is {}, expected f32 or bf16", name,
          name_of(options.compute));
  require(options.threads >= 0, Fault::bad_input,
          "device '{}': {} threads, expected 0 (all) or more", name, options.threads);
  if (name == "cpu") return cpu::open(options);
  if (name == "reference") return reference::open();
  if (is_cuda(name)) return cuda::open(name, options);
  throw Error(Fault::unsupported, fmt::format("no device '{}' here; there is {}", name,
                                              fmt::join(device_names(), ", ")));
}

std::vector<std::string> device_names() {
  std::vector<std::string> names{"cpu", "reference"};
  for (int i = 0; i < cuda::count(); ++i) names.push_back(fmt::format("cuda:{}", i));
  return names;
}

DeviceOptions resolve_dtype(std::string_view device, std::string_view dtype, int threads) {
  if (dtype == "f32") return {.compute = DType::f32, .threads = threads};
  if (dtype == "bf16") return {.compute = DType::bf16, .threads = threads};
  require(dtype == "auto" || dtype == "int8", Fault::bad_input,
          "the compute type is '{}', expected auto, f32, bf16 or int8", dtype);
  return {.compute = has_native_bf16(device) ? DType::bf16 : DType::f32,
          .threads = threads,
          .int8_products = dtype == "int8"};
}

}  // namespace sagitta
