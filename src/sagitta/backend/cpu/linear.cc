#include "sagitta/backend/cpu/linear.h"

#include "sagitta/backend/cpu/geglu_bf16.h"
#include "sagitta/backend/cpu/linear_bf16.h"
#include "sagitta/backend/cpu/linear_int8.h"
#include "sagitta/backend/cpu/product_f32.h"
#include "sagitta/backend/cpu/weights.h"

namespace sagitta::cpu {
namespace {

const float* bias_of(const LinearArgs& args) {
  return args.bias == nullptr ? nullptr : vector_values(*args.bias);
}

const std::byte* bytes_of(const Tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->data<std::byte>();
}

}  // namespace

void multiply(Device& device, const PackedMatrix& weight, const Product& product) {
  if (weight.int8) return multiply_int8(device, weight, product);
  if (device.compute() == DType::f32) return multiply_f32(device, weight, nullptr, product);
  if (takes_tiles(weight, product)) return multiply_tiles(device, weight, product);
  Context& context = device.context<Context>();
  const MatmulProblem problem{.type = device.compute(),
                              .rows = product.rows,
                              .in = weight.in,
                              .out = weight.out,
                              .activation = product.activation,
                              .bias = product.bias != nullptr,
                              .factor = product.factor != nullptr,
                              .residual = product.residual != nullptr};
  const auto plan = context.matmuls.find_or_make(
      problem, [&] { return plan_matmul(context.engine, problem, &weight.values.layout()); });
  const PoolBlock scratch(device, plan->scratch);
  run(context.engine, context.stream, *plan,
      {.x = product.x,
       .weights = weight.values.in(device, plan->weights),
       .bias = product.bias,
       .factor = product.factor,
       .residual = product.residual,
       .out = product.out,
       .scratch = scratch.data()});
}

void linear(const LinearArgs& args, Tensor& out) {
  const auto& weight = packed_as<PackedMatrix>(args.weight);
  multiply(out.device(), weight,
           {.rows = args.x.size() / weight.in,
            .x = args.x.data<std::byte>(),
            .bias = bias_of(args),
            .residual = bytes_of(args.residual),
            .activation = args.activation,
            .out = out.data<std::byte>()});
}

void linear_geglu(const LinearArgs& args, Tensor& out) {
  Device& device = out.device();
  const auto& weight = packed_as<PackedGeglu>(args.weight);
  const auto& [value, gate] = weight;
  const Product product{.rows = args.x.size() / value.in,
                        .x = args.x.data<std::byte>(),
                        .bias = bias_of(args),
                        .out = out.data<std::byte>()};
  if (value.int8) return multiply_int8(device, weight, product);
  if (device.compute() == DType::f32) return multiply_f32(device, value, &gate, product);
  linear_geglu_bf16(device, weight, product);
}

}  // namespace sagitta::cpu
