#include "sagitta/backend/cpu/conv2d.h"

#include "sagitta/backend/cpu/conv2d_bias.h"
#include "sagitta/backend/cpu/conv2d_f32.h"
#include "sagitta/backend/cpu/conv2d_int8.h"
#include "sagitta/backend/cpu/conv2d_patches.h"
#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights.h"
#include "sagitta/backend/cpu/winograd.h"
#include "sagitta/backend/cpu/winograd_bf16.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace sagitta::cpu {
namespace {

// One call for some of the samples. All data is NHWC in the compute type but the bias.
struct Call {
  const Conv2dArgs& args;  // for the weight, the stride and the padding
  const Tensor& x;
  const float* bias;
  const Tensor* residual;
  Tensor& out;
  bool onto = false;  // adds to what is in out
};

// oneDNN adds the result to what is there, so the residual goes there first.
void start_from(const Tensor& residual, Tensor& out) {
  constexpr std::int64_t kGrain = 1 << 18;
  const std::byte* const from = residual.data<std::byte>();
  std::byte* const to = out.data<std::byte>();
  parallel_ranges(static_cast<std::int64_t>(out.bytes()), kGrain,
                  [&](std::int64_t begin, std::int64_t end) {
                    std::copy(from + begin, from + end, to + begin);
                  });
}

void spatial(const Call& call) {
  Device& device = call.out.device();
  Context& context = device.context<Context>();
  const auto& weight = packed_as<PackedConv>(call.args.weight);
  const Shape& kernel = call.args.weight.shape;
  const ConvProblem problem{.type = device.compute(),
                            .batch = call.x.dim(0),
                            .height = call.x.dim(1),
                            .width = call.x.dim(2),
                            .in = kernel[1],
                            .out = kernel[0],
                            .kernel_h = kernel[2],
                            .kernel_w = kernel[3],
                            .stride = call.args.stride,
                            .pad_before = {call.args.pad_before, call.args.pad_before},
                            .pad_after = {call.args.pad_after, call.args.pad_after},
                            .bias = call.bias != nullptr,
                            .accumulate = call.onto || call.residual != nullptr};
  const auto plan = context.convs.find_or_make(
      problem, [&] { return plan_conv(context.engine, problem, &weight.values.layout()); });
  if (call.residual != nullptr) start_from(*call.residual, call.out);
  const PoolBlock scratch(device, plan->scratch);
  run(context.engine, context.stream, *plan,
      {.x = call.x.data<std::byte>(),
       .weights = weight.values.in(device, plan->weights),
       .bias = call.bias,
       .out = call.out.data<std::byte>(),
       .scratch = scratch.data()});
}

// A 1x1 kernel is a product over the pixels that it sees.
void pointwise(const Call& call) {
  Device& device = call.out.device();
  const auto& weight = packed_as<PackedMatrix>(call.args.weight);
  const Conv2dArgs& args = call.args;
  const bool all_pixels = args.stride == 1 && args.pad_before == 0 && args.pad_after == 0;
  const std::int64_t rows = call.out.size() / weight.out;
  const std::size_t gathered =
      all_pixels ? 0 : static_cast<std::size_t>(rows * weight.in) * size_of(device.compute());
  const PoolBlock pixels(device, gathered);
  if (!all_pixels) gather_pixels(call.x, args.stride, args.pad_before, call.out, pixels.data());
  multiply(device, weight,
           {.rows = rows,
            .x = all_pixels ? call.x.data<std::byte>() : pixels.data(),
            .bias = call.bias,
            .residual = call.residual == nullptr ? nullptr : call.residual->data<std::byte>(),
            .out = call.out.data<std::byte>()});
}

// Fills out (B, H, W, O) with each sample's row.
void start_from_rows(const Tensor& row_bias, Tensor& out) {
  const auto row = static_cast<std::size_t>(out.dim(3)) * size_of(out.dtype());
  const std::int64_t pixels = out.dim(1) * out.dim(2);
  const std::byte* const from = row_bias.data<std::byte>();
  std::byte* const to = out.data<std::byte>();
  const auto grain = static_cast<std::int64_t>(std::max<std::size_t>(1, 65536 / row));
  parallel_ranges(out.dim(0) * pixels, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      std::memcpy(to + static_cast<std::size_t>(pixel) * row,
                  from + static_cast<std::size_t>(pixel / pixels) * row, row);
    }
  });
}

// Images of so few pixels leave oneDNN too little work for each time that it reads the weights.
constexpr std::int64_t kSmallImage = 32 * 32;

}  // namespace

void conv2d(const Conv2dArgs& args, Tensor& out) {
  if (!is_pointwise(args.weight) && packed_as<PackedConv>(args.weight).int8) {
    return conv2d_int8(args, out);
  }
  if (winograd_takes(args)) return conv2d_winograd(args, out);
  if (winograd_bf16_takes(args)) return conv2d_winograd_bf16(args, out);
  if (out.dtype() == DType::f32 && !is_pointwise(args.weight)) {
    const Window window{.kernel_h = args.weight.shape[2],
                        .kernel_w = args.weight.shape[3],
                        .stride = args.stride,
                        .above = args.pad_before,
                        .left = args.pad_before};
    return conv2d_f32(args, window, panels_of(packed_as<PackedConv>(args.weight).values), out);
  }
  const float* const bias = args.bias == nullptr ? nullptr : vector_values(*args.bias);
  auto* const run = is_pointwise(args.weight) ? pointwise : spatial;
  if (args.row_bias == nullptr) return run({args, args.x, bias, args.residual, out});

  // Small images go in one call, onto the rows. The size decides and not the batch, so that a
  // sample does not notice its batch.
  const bool small = out.dim(1) * out.dim(2) <= kSmallImage;
  if (small && args.residual == nullptr && !is_pointwise(args.weight)) {
    start_from_rows(*args.row_bias, out);
    return spatial({args, args.x, bias, nullptr, out, true});
  }

  // A sample's row is a bias of its own. A call per sample is as fast as one for all.
  const auto channels = static_cast<std::size_t>(args.weight.shape[0]);
  const PoolBlock block(out.device(), channels * sizeof(float));
  const std::span<float> own(static_cast<float*>(block.data()), channels);
  for (std::int64_t sample = 0; sample < out.dim(0); ++sample) {
    sample_bias(bias, *args.row_bias, sample, own);
    Tensor part = out.slice(sample, 1);
    const Tensor residual = args.residual == nullptr ? Tensor() : args.residual->slice(sample, 1);
    run({args, args.x.slice(sample, 1), own.data(), residual ? &residual : nullptr, part});
  }
}

}  // namespace sagitta::cpu
