#include "sagitta/backend/cpu/upsample_conv2d.h"

#include "sagitta/backend/cpu/conv2d_f32.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights.h"
#include "sagitta/backend/cpu/weights_upsample.h"

#include <cstring>

namespace sagitta::cpu {
namespace {

void convolve(const UpsampleConv2dArgs& args, const ConvProblem& problem,
              const PackedValues& weight, const void* x, void* out) {
  Device& device = args.x.device();
  Context& context = device.context<Context>();
  const auto plan = context.convs.find_or_make(
      problem, [&] { return plan_conv(context.engine, problem, &weight.layout()); });
  const PoolBlock scratch(device, plan->scratch);
  run(context.engine, context.stream, *plan,
      {.x = x,
       .weights = weight.in(device, plan->weights),
       .bias = args.bias == nullptr ? nullptr : vector_values(*args.bias),
       .out = out,
       .scratch = scratch.data()});
}

ConvProblem problem_on(const UpsampleConv2dArgs& args, std::int64_t height, std::int64_t width) {
  return {.type = args.x.device().compute(),
          .batch = args.x.dim(0),
          .height = height,
          .width = width,
          .in = args.x.dim(3),
          .out = args.weight.shape[0],
          .bias = args.bias != nullptr};
}

// Puts a quarter of the results, (B, H, W, O), into their places (2y + i, 2x + j).
void spread(const std::byte* part, int i, int j, Tensor& out) {
  const std::size_t pixel = static_cast<std::size_t>(out.dim(3)) * size_of(out.dtype());
  const std::int64_t width = out.dim(2) / 2;
  std::byte* const to = out.data<std::byte>();
  parallel_ranges(
      out.dim(0) * out.dim(1) / 2, rows_per_block(pixel * static_cast<std::size_t>(width)),
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const std::byte* source = part + static_cast<std::size_t>(row * width) * pixel;
          std::byte* target = to + static_cast<std::size_t>((2 * row + i) * 2 * width + j) * pixel;
          for (std::int64_t x = 0; x < width; ++x, source += pixel, target += 2 * pixel) {
            std::memcpy(target, source, pixel);
          }
        }
      });
}

Conv2dArgs conv_args(const UpsampleConv2dArgs& args, const Tensor& x) {
  return {.x = x, .weight = args.weight, .bias = args.bias, .pad_before = 1, .pad_after = 1};
}

void doubled_f32(const UpsampleConv2dArgs& args, Tensor& out) {
  const auto& weight = packed_as<PackedUpsample>(args.weight);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      const Window window{.kernel_h = 2,
                          .kernel_w = 2,
                          .above = 1 - i,
                          .left = 1 - j,
                          .spread = 2,
                          .offset_y = i,
                          .offset_x = j};
      conv2d_f32(conv_args(args, args.x), window, panels_of(weight.quarter(i, j)), out);
    }
  }
}

void doubled(const UpsampleConv2dArgs& args, Tensor& out) {
  if (out.dtype() == DType::f32) return doubled_f32(args, out);
  const auto& weight = packed_as<PackedUpsample>(args.weight);
  const PoolBlock part(out.device(), out.bytes() / 4);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      ConvProblem problem = problem_on(args, args.x.dim(1), args.x.dim(2));
      problem.kernel_h = problem.kernel_w = 2;
      problem.pad_before = {1 - i, 1 - j};
      problem.pad_after = {i, j};
      convolve(args, problem, weight.quarter(i, j), args.x.data<std::byte>(), part.data());
      spread(static_cast<const std::byte*>(part.data()), i, j, out);
    }
  }
}

void enlarge(const Tensor& x, std::int64_t height, std::int64_t width, std::byte* target) {
  const std::int64_t in_height = x.dim(1);
  const std::int64_t in_width = x.dim(2);
  const std::size_t pixel = static_cast<std::size_t>(x.dim(3)) * size_of(x.dtype());
  const std::size_t in_row = pixel * static_cast<std::size_t>(in_width);
  const std::size_t row = pixel * static_cast<std::size_t>(width);
  const auto* source = x.data<std::byte>();
  parallel_ranges(
      x.dim(0) * height, rows_per_block(row), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
          const std::int64_t from = r / height * in_height + r % height * in_height / height;
          const std::byte* in = source + in_row * static_cast<std::size_t>(from);
          std::byte* to = target + row * static_cast<std::size_t>(r);
          for (std::int64_t i = 0; i < width; ++i, to += pixel) {
            const auto column = static_cast<std::size_t>(i * in_width / width);
            std::memcpy(to, in + pixel * column, pixel);
          }
        }
      });
}

void enlarged(const UpsampleConv2dArgs& args, Tensor& out) {
  const auto& weight = packed_as<PackedUpsample>(args.weight).whole(out.device());
  Tensor large(out.device(), {out.dim(0), out.dim(1), out.dim(2), args.x.dim(3)});
  enlarge(args.x, out.dim(1), out.dim(2), large.data<std::byte>());
  if (out.dtype() == DType::f32) {
    const Window window{.kernel_h = 3, .kernel_w = 3, .above = 1, .left = 1};
    return conv2d_f32(conv_args(args, large), window, panels_of(weight), out);
  }
  ConvProblem problem = problem_on(args, out.dim(1), out.dim(2));
  problem.kernel_h = problem.kernel_w = 3;
  problem.pad_before = problem.pad_after = {1, 1};
  convolve(args, problem, weight, large.data<std::byte>(), out.data<std::byte>());
}

}  // namespace

void upsample_conv2d(const UpsampleConv2dArgs& args, Tensor& out) {
  const bool doubles = out.dim(1) == 2 * args.x.dim(1) && out.dim(2) == 2 * args.x.dim(2);
  (doubles ? doubled : enlarged)(args, out);
}

}  // namespace sagitta::cpu
