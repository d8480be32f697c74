#include "sagitta/backend/reference/open.h"

#include "sagitta/backend/reference/kernels.h"

#include <cstdlib>

namespace sagitta::reference {
namespace {

constexpr Kernels kKernels{
    .upload = upload,
    .download = download,
    .load_weight = load_weight,
    .conv2d = conv2d,
    .upsample_conv2d = upsample_conv2d,
    .linear = linear,
    .linear_geglu = linear_geglu,
    .feed_forward = feed_forward,
    .group_norm = group_norm,
    .layer_norm = layer_norm,
    .attention = attention,
    .concat_channels = concat_channels,
    .axpby = axpby,
    .activate = activate,
    .finish = [](Device& /*device*/) {},  // kernels return when they are done
};

constexpr MemoryPool::Source kMemory{
    .allocate = [](std::size_t bytes) { return std::malloc(bytes); },
    .release = [](void* block, std::size_t) { std::free(block); },
};

}  // namespace

std::unique_ptr<Device> open() {
  return std::make_unique<Device>("reference", DType::f32, kKernels, kMemory, nullptr);
}

}  // namespace sagitta::reference
