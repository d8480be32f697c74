#include "sagitta/backend/cpu/open.h"

#include "sagitta/backend/cpu/attention.h"
#include "sagitta/backend/cpu/context.h"
#include "sagitta/backend/cpu/conv2d.h"
#include "sagitta/backend/cpu/elementwise.h"
#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/norm.h"
#include "sagitta/backend/cpu/transfer.h"
#include "sagitta/backend/cpu/weights.h"
#include "sagitta/base/error.h"
#include "sagitta/core/tensor.h"

#include <omp.h>

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
template <auto kKernel>
struct Scoped;
template <class... Args, void (*kKernel)(Args...)>
struct Scoped<kKernel> {
  static void run(Args... args) {
    Device* device = nullptr;
    ((device = device == nullptr ? device_of(args) : device), ...);
    const KernelScope scope(device->context<Context>());
    kKernel(args...);
  }
};
template <auto kKernel>
constexpr auto* scoped = &Scoped<kKernel>::run;

constexpr Kernels kKernels{
    .upload = scoped<upload>,
    .download = scoped<download>,
    .load_weight = scoped<load_weight>,
    .conv2d = scoped<conv2d>,
    .linear = scoped<linear>,
    .linear_geglu = scoped<linear_geglu>,
    .group_norm = scoped<group_norm>,
    .layer_norm = scoped<layer_norm>,
    .attention = scoped<attention>,
    .resize_nearest = scoped<resize_nearest>,
    .concat_channels = scoped<concat_channels>,
    .axpby = scoped<axpby>,
    .activate = scoped<activate>,
};

// Whether oneDNN has code for products in this type, other than its reference.
bool can_multiply(const Context& context, DType type) {
  const MatmulProblem problem{.type = type, .rows = 64, .in = 64, .out = 64};
  const Plan plan = plan_matmul(context.engine, problem, nullptr);
  return plan.primitive && !plan.is_slow();
}

}  // namespace

std::unique_ptr<Device> open(const DeviceOptions& options) {
  require(options.threads >= 0 && options.threads <= kMostThreads, Fault::bad_input,
          "cpu: {} threads, expected 0 (all) to {}", options.threads, kMostThreads);
  const int threads = options.threads == 0 ? omp_get_max_threads() : options.threads;
  const auto context = std::make_shared<Context>(threads);
  require(options.compute == DType::f32 || can_multiply(*context, options.compute),
          Fault::unsupported,
          "this processor cannot compute in {}, which needs AVX-512; choose f32 instead",
          name_of(options.compute));
  return std::make_unique<Device>("cpu", options.compute, kKernels, kSystemMemory, context);
}

}  // namespace sagitta::cpu
