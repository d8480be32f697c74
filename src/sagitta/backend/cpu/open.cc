#include "sagitta/backend/cpu/open.h"

#include "sagitta/backend/cpu/attention.h"
#include "sagitta/backend/cpu/context.h"
#include "sagitta/backend/cpu/conv2d.h"
#include "sagitta/backend/cpu/elementwise.h"
#include "sagitta/backend/cpu/feed_forward.h"
#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/norm.h"
#include "sagitta/backend/cpu/product_f32.h"
#include "sagitta/backend/cpu/transfer.h"
#include "sagitta/backend/cpu/upsample_conv2d.h"
#include "sagitta/backend/cpu/weights.h"
#include "sagitta/base/error.h"
#include "sagitta/base/log.h"
#include "sagitta/core/tensor.h"

#include <omp.h>

#include <algorithm>
#include <memory>

namespace sagitta::cpu {
namespace {

constexpr int kMostThreads = 1024;

// The device that an argument knows, if any.
Device* device_of(Device& device) { return &device; }
Device* device_of(const Tensor& tensor) { return &tensor.device(); }
template <class Other>
Device* device_of(const Other& /*other*/) {
  return nullptr;
}

// A kernel within the settings of its device.
template <auto kKernel, Subnormals kSubnormals>
struct Scoped;
template <class... Args, void (*kKernel)(Args...), Subnormals kSubnormals>
struct Scoped<kKernel, kSubnormals> {
  static void run(Args... args) {
    Device* device = nullptr;
    ((device = device == nullptr ? device_of(args) : device), ...);
    const KernelScope scope(device->context<Context>(), kSubnormals);
    kKernel(args...);
  }
};
template <auto kKernel>
constexpr auto* scoped = &Scoped<kKernel, Subnormals::flush>::run;
// Values go in and out as they are.
template <auto kKernel>
constexpr auto* exact = &Scoped<kKernel, Subnormals::keep>::run;

constexpr Kernels kKernels{
    .upload = exact<upload>,
    .download = exact<download>,
    .load_weight = exact<load_weight>,
    .conv2d = scoped<conv2d>,
    .upsample_conv2d = scoped<upsample_conv2d>,
    .linear = scoped<linear>,
    .linear_geglu = scoped<linear_geglu>,
    .feed_forward = scoped<feed_forward>,
    .group_norm = scoped<group_norm>,
    .layer_norm = scoped<layer_norm>,
    .attention = scoped<attention>,
    .concat_channels = scoped<concat_channels>,
    .axpby = scoped<axpby>,
    .activate = scoped<activate>,
    .finish = [](Device& /*device*/) {},  // kernels return when they are done
};

// How oneDNN multiplies matrices of this type here.
Plan usual_product(const Context& context, DType type) {
  return plan_matmul(context.engine, {.type = type, .rows = 64, .in = 64, .out = 64}, nullptr);
}

Plan usual_convolution(const Context& context, DType type) {
  constexpr std::int64_t kSide = 18;
  constexpr std::int64_t kChannels = 64;
  return plan_conv(context.engine,
                   {.type = type,
                    .height = kSide,
                    .width = kSide,
                    .in = kChannels,
                    .out = kChannels,
                    .kernel_h = 3,
                    .kernel_w = 3},
                   nullptr);
}

void report_int8(const Context& context) {
  const Plan product = usual_product(context, kIntegers);
  const Plan convolution = usual_convolution(context, kIntegers);
  require(product.is_fast() && convolution.is_fast(), Fault::unsupported,
          "oneDNN has no products in int8 for this processor; choose f32 instead");
  log(LogLevel::debug,
      "cpu: int8 products by oneDNN's {}, convolutions by its {}, weights of up to {} steps",
      product.implementation, convolution.implementation, context.int8_levels);
}

}  // namespace

std::unique_ptr<Device> open(const DeviceOptions& options) {
  require(options.threads >= 0 && options.threads <= kMostThreads, Fault::bad_input,
          "cpu: {} threads, expected 0 (all) to {}", options.threads, kMostThreads);
  // oneDNN hands out work for the threads that it asks for, whether or not it gets them.
  const int threads = std::min(options.threads == 0 ? omp_get_max_threads() : options.threads,
                               omp_get_thread_limit());
  const auto context = std::make_shared<Context>(threads, options.int8_products);
  if (options.compute == DType::f32) {
    log(LogLevel::debug, "cpu: {} threads, f32 products with {}", threads, product_path().name);
  } else {
    const Plan plan = usual_product(*context, options.compute);
    require(plan.is_fast(), Fault::unsupported,
            "this processor cannot compute in {}, which needs AVX-512; choose f32 instead",
            name_of(options.compute));
    log(LogLevel::debug, "cpu: {} threads, {} products by oneDNN's {}", threads,
        name_of(options.compute), plan.implementation);
  }
  if (options.int8_products) report_int8(*context);
  return std::make_unique<Device>("cpu", options.compute, kKernels, kSystemMemory, context,
                                  options.int8_products);
}

}  // namespace sagitta::cpu
