#include "sagitta/backend/cuda/blas.h"
#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/conv2d_tiles.h"
#include "sagitta/backend/cuda/elementwise.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/backend/cuda/patches.h"
#include "sagitta/backend/cuda/weights.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

#include <algorithm>
#include <limits>

namespace sagitta::cuda {
namespace {

// What is added to the sums; null ones are left out.
struct Additions {
  const Weight* bias = nullptr;
  const Tensor* row_bias = nullptr;
  const Tensor* residual = nullptr;
};

const void* address(const Tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->data<std::byte>();
}

Finish finish_of(const ConvShape& shape, const Additions& additions) {
  return {.bias = vector_of(additions.bias),
          .row_bias = address(additions.row_bias),
          .rows_per_sample = std::int64_t{shape.out_height} * shape.out_width,
          .residual = address(additions.residual),
          .rows = shape.rows(),
          .cols = shape.out_channels};
}

// Numbers of pixels are 32 bits there, places in a picture 16.
void check_tiles(const ConvShape& shape) {
  constexpr int kMostSide = 32000;
  constexpr int kMostKernel = 512;
  constexpr std::int64_t kMostPixels = std::numeric_limits<std::int32_t>::max();
  const std::int64_t source =
      shape.samples * shape.source_height * std::int64_t{shape.source_width};
  require(
      std::max(shape.height, shape.width) <= kMostSide &&
          std::max({shape.kernel_h, shape.kernel_w, shape.padding}) <= kMostKernel &&
          std::max(source, shape.rows()) <= kMostPixels,
      Fault::unsupported,
      "conv2d: {} pictures of {}x{}, a kernel of {}x{}, padding {}: in bf16 the CUDA backend takes "
      "sides up to {}, kernels and padding up to {} and {} pixels in all",
      shape.samples, shape.height, shape.width, shape.kernel_h, shape.kernel_w, shape.padding,
      kMostSide, kMostKernel, kMostPixels);
}

// The tensor, or a copy of it that starts at a whole word.
Tensor aligned(const Tensor& x) {
  constexpr std::uintptr_t kWordBytes = 16;
  if (reinterpret_cast<std::uintptr_t>(x.data<std::byte>()) % kWordBytes == 0) return x;
  Tensor copy(x.device(), x.shape(), x.dtype());
  check(cudaMemcpyAsync(copy.data<std::byte>(), x.data<std::byte>(), x.bytes(),
                        cudaMemcpyDeviceToDevice, x.device().context<Context>().stream),
        "conv2d");
  return copy;
}

Tensor aligned(const Tensor* x) { return x == nullptr ? Tensor() : aligned(*x); }

void run_tiles(const ConvShape& shape, const Tensor& x, const Weight& weight,
               const Additions& additions, Tensor& out) {
  check_tiles(shape);
  const Tensor pixels = aligned(x);
  const Tensor row_bias = aligned(additions.row_bias);
  const Tensor residual = aligned(additions.residual);
  const auto& context = out.device().context<Context>();
  const ConvCut cut = cut_conv(shape, context.processors, context.wgmma);
  Tensor sums;
  if (cut.parts > 1) {
    sums = Tensor(out.device(), {cut.parts, shape.rows(), shape.out_channels}, DType::f32);
  }
  check(conv2d_tiles({.shape = shape,
                      .x = pixels.data<std::byte>(),
                      .kernel = kernel_of(weight).values.data(),
                      .bias = vector_of(additions.bias),
                      .row_bias = row_bias ? row_bias.data<std::byte>() : nullptr,
                      .residual = residual ? residual.data<std::byte>() : nullptr,
                      .out = out.data<std::byte>()},
                     cut, sums ? sums.data<float>() : nullptr, context.stream),
        "conv2d");
  if (!sums) return;
  Finish finish = finish_of(shape, additions);
  finish.parts = sums.data<float>();
  finish.part_count = cut.parts;
  check(finish_product(out.dtype(), finish, out.data<std::byte>(), context.stream), "conv2d");
}

// Products of so many patches at a time that they take little memory.
void run_patches(const ConvShape& shape, const Tensor& x, const Weight& weight,
                 const Additions& additions, Tensor& out) {
  constexpr std::int64_t kMostBytes = std::int64_t{128} << 20U;
  auto& context = out.device().context<Context>();
  const DType type = out.dtype();
  const PackedKernel& kernel = kernel_of(weight);
  const auto size = static_cast<std::int64_t>(size_of(type));
  const std::int64_t chunk =
      std::clamp<std::int64_t>(kMostBytes / (kernel.row * size), 1, shape.rows());
  Tensor patches(out.device(), {chunk, kernel.row});
  for (std::int64_t first = 0; first < shape.rows(); first += chunk) {
    const std::int64_t count = std::min(chunk, shape.rows() - first);
    check(lay_patches(type, shape, x.data<std::byte>(), first, count, kernel.row,
                      patches.data<std::byte>(), context.stream),
          "conv2d");
    multiply(context, {.type = type,
                       .out_type = type,
                       .rows = count,
                       .cols = shape.out_channels,
                       .depth = kernel.row,
                       .a = {.data = patches.data<std::byte>(), .stride = kernel.row},
                       .b = {.data = kernel.values.data(), .stride = kernel.row},
                       .out = {.data = out.data<std::byte>() + first * shape.out_channels * size,
                               .stride = shape.out_channels}});
  }
  Finish finish = finish_of(shape, additions);
  finish.x = out.data<std::byte>();
  check(finish_product(type, finish, out.data<std::byte>(), context.stream), "conv2d");
}

void run(const ConvShape& shape, const Tensor& x, const Weight& weight, const Additions& additions,
         Tensor& out) {
  if (kernel_of(weight).tiled) {
    run_tiles(shape, x, weight, additions, out);
  } else {
    run_patches(shape, x, weight, additions, out);
  }
}

// Of a convolution that reads x as it is.
ConvShape shape_of(const Tensor& x, const Weight& weight, const Tensor& out) {
  return {.samples = x.dim(0),
          .source_height = static_cast<int>(x.dim(1)),
          .source_width = static_cast<int>(x.dim(2)),
          .height = static_cast<int>(x.dim(1)),
          .width = static_cast<int>(x.dim(2)),
          .channels = static_cast<int>(x.dim(3)),
          .out_height = static_cast<int>(out.dim(1)),
          .out_width = static_cast<int>(out.dim(2)),
          .out_channels = static_cast<int>(out.dim(3)),
          .kernel_h = static_cast<int>(weight.shape[2]),
          .kernel_w = static_cast<int>(weight.shape[3])};
}

}  // namespace

void conv2d(const Conv2dArgs& args, Tensor& out) {
  ConvShape shape = shape_of(args.x, args.weight, out);
  shape.stride = args.stride;
  shape.padding = args.pad_before;
  run(shape, args.x, args.weight,
      {.bias = args.bias, .row_bias = args.row_bias, .residual = args.residual}, out);
}

void upsample_conv2d(const UpsampleConv2dArgs& args, Tensor& out) {
  ConvShape shape = shape_of(args.x, args.weight, out);
  shape.height = shape.out_height;
  shape.width = shape.out_width;
  shape.padding = 1;
  run(shape, args.x, args.weight, {.bias = args.bias}, out);
}

}  // namespace sagitta::cuda
