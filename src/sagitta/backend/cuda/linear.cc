#include "sagitta/backend/cuda/blas.h"
#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/elementwise.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/backend/cuda/weights.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cuda {
namespace {

// x (rows, depth) weight^T, without anything behind it.
Product product_of(const Tensor& x, const Weight& weight, Tensor& out) {
  const std::int64_t depth = x.shape().back();
  const std::int64_t cols = out.shape().back();
  return {.type = out.dtype(),
          .out_type = out.dtype(),
          .rows = x.size() / depth,
          .cols = cols,
          .depth = depth,
          .a = {.data = x.data<std::byte>(), .stride = depth},
          .b = {.data = kernel_of(weight).values.data(), .stride = kernel_of(weight).row},
          .out = {.data = out.data<std::byte>(), .stride = cols}};
}

}  // namespace

void linear(const LinearArgs& args, Tensor& out) {
  auto& context = out.device().context<Context>();
  const void* const residual =
      args.residual == nullptr ? nullptr : args.residual->data<std::byte>();
  Product product = product_of(args.x, args.weight, out);
  if (args.activation == Activation::none) {
    product.bias = vector_in_compute_type(args.bias);
    product.addend = residual;
    return multiply(context, product);
  }
  multiply(context, product);
  check(finish_product(out.dtype(),
                       {.x = out.data<std::byte>(),
                        .bias = vector_of(args.bias),
                        .residual = residual,
                        .activation = args.activation,
                        .rows = product.rows,
                        .cols = product.cols},
                       out.data<std::byte>(), context.stream),
        "linear");
}

void linear_geglu(const LinearArgs& args, Tensor& out) {
  auto& context = out.device().context<Context>();
  const std::int64_t cols = out.shape().back();
  const std::int64_t rows = out.size() / cols;
  Tensor halves(out.device(), {rows, 2 * cols});
  Product product = product_of(args.x, args.weight, halves);
  product.bias = vector_in_compute_type(args.bias);
  multiply(context, product);
  check(gate(out.dtype(), halves.data<std::byte>(), out.data<std::byte>(), rows, cols,
             context.stream),
        "linear_geglu");
}

void feed_forward(const FeedForwardArgs& args, Tensor& out) {
  Shape shape = args.x.shape();
  shape.back() = args.weight.shape[1];
  Tensor gated(out.device(), shape);
  linear_geglu({.x = args.x, .weight = args.gated, .bias = args.gated_bias}, gated);
  linear({.x = gated, .weight = args.weight, .bias = args.bias, .residual = args.residual}, out);
}

}  // namespace sagitta::cuda
