#include "sagitta/backend/cuda/open.h"

#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/base/error.h"
#include "sagitta/base/log.h"
#include "sagitta/core/tensor.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

namespace sagitta::cuda {
namespace {

// Since Ampere: bf16 in the tensor cores, and copies that run beside the program.
constexpr int kLeastMajor = 8;

// The device that an argument knows, if any.
Device* device_of(Device& device) { return &device; }
Device* device_of(const Tensor& tensor) { return &tensor.device(); }
template <class Args>
Device* device_of(const Args& args) {
  if constexpr (requires { args.x; }) {
    return &args.x.device();
  } else if constexpr (requires { args.q; }) {
    return &args.q.device();
  } else {
    return nullptr;
  }
}

// A kernel with its device as the current one of this thread.
template <auto kKernel>
struct Current;
template <class... Args, void (*kKernel)(Args...)>
struct Current<kKernel> {
  static void run(Args... args) {
    Device* device = nullptr;
    ((device = device == nullptr ? device_of(args) : device), ...);
    check(cudaSetDevice(device->context<Context>().ordinal), "the device");
    kKernel(args...);
  }
};
template <auto kKernel>
constexpr auto* current = &Current<kKernel>::run;

constexpr Kernels kKernels{
    .upload = current<upload>,
    .download = current<download>,
    .load_weight = current<load_weight>,
    .conv2d = current<conv2d>,
    .upsample_conv2d = current<upsample_conv2d>,
    .linear = current<linear>,
    .linear_geglu = current<linear_geglu>,
    .feed_forward = current<feed_forward>,
    .group_norm = current<group_norm>,
    .layer_norm = current<layer_norm>,
    .attention = current<attention>,
    .concat_channels = current<concat_channels>,
    .axpby = current<axpby>,
    .activate = current<activate>,
    .finish = finish,  // which must not throw
};

// N of "cuda:N", 0 of "cuda".
std::optional<int> ordinal_of(std::string_view name) {
  if (name == "cuda") return 0;
  constexpr std::string_view kPrefix = "cuda:";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kPrefix.size());
  int ordinal = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && ordinal >= 0 ? std::optional(ordinal) : std::nullopt;
}

}  // namespace

int count() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());  // no driver is no device
    return 0;
  }
  return std::min(devices, kMostDevices);
}

std::unique_ptr<Device> open(std::string_view name, const DeviceOptions& options) {
  const std::optional<int> ordinal = ordinal_of(name);
  const int devices = count();
  require(devices > 0, Fault::unsupported,
          "device '{}': there is no CUDA device here, or no driver for it", name);
  require(ordinal && *ordinal < devices, Fault::unsupported,
          "device '{}' is not here, expected cuda:0 to cuda:{}", name, devices - 1);
  require(!options.int8_products, Fault::unsupported,
          "device '{}' has no products in int8; choose f32 or bf16", name);
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, *ordinal), "properties of the device");
  require(properties.major >= kLeastMajor, Fault::unsupported,
          "device '{}' has compute capability {}.{}, expected at least {}.0", name,
          properties.major, properties.minor, kLeastMajor);
  log(LogLevel::debug, "cuda:{}: {}, {} multiprocessors, {} MiB", *ordinal, properties.name,
      properties.multiProcessorCount, properties.totalGlobalMem >> 20U);
  return std::make_unique<Device>(fmt::format("cuda:{}", *ordinal), options.compute, kKernels,
                                  memory_source(*ordinal), std::make_shared<Context>(*ordinal));
}

}  // namespace sagitta::cuda
