#include "sagitta/backend/cpu/linear.h"

#include "sagitta/backend/cpu/elementwise.h"
#include "sagitta/backend/cpu/linear_int8.h"
#include "sagitta/backend/cpu/product_f32.h"
#include "sagitta/backend/cpu/weights.h"

#include <algorithm>

namespace sagitta::cpu {
namespace {

// The scratch of a gated product: enough rows that reading the weights again for every block of
// rows costs little, few enough to stay in the outer caches.
constexpr std::int64_t kGateBytes = 8 << 20;
constexpr std::int64_t kLeastGateRows = 128;

const float* bias_of(const LinearArgs& args) {
  return args.bias == nullptr ? nullptr : vector_values(*args.bias);
}

const std::byte* bytes_of(const Tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->data<std::byte>();
}

// Moves a pointer that may be null.
const std::byte* advance(const std::byte* data, std::int64_t bytes) {
  return data == nullptr ? nullptr : data + bytes;
}

}  // namespace

void multiply(Device& device, const PackedMatrix& weight, const Product& product) {
  if (weight.int8) return multiply_int8(device, weight, product);
  if (device.compute() == DType::f32) return multiply_f32(device, weight, nullptr, product);
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
                        .residual = bytes_of(args.residual),
                        .out = out.data<std::byte>()};
  if (value.int8) return multiply_int8(device, weight, product);
  if (device.compute() == DType::f32) return multiply_f32(device, value, &gate, product);
  const auto element = static_cast<std::int64_t>(size_of(device.compute()));
  const std::int64_t rows = product.rows;
  const std::int64_t row_bytes = value.out * element;
  const std::int64_t block_rows =
      std::min(rows, std::max(kLeastGateRows, kGateBytes / row_bytes / 64 * 64));
  const PoolBlock gates(device, static_cast<std::size_t>(block_rows * row_bytes));
  const float* const bias = bias_of(args);

  for (std::int64_t row = 0; row < rows; row += block_rows) {
    const std::int64_t count = std::min(block_rows, rows - row);
    const std::byte* const x = args.x.data<std::byte>() + row * value.in * element;
    multiply(device, gate,
             {.rows = count,
              .x = x,
              .bias = bias == nullptr ? nullptr : bias + value.out,
              .out = gates.data()});
    gelu_bf16(gates.data(), count * value.out);  // oneDNN's takes as long as the product
    multiply(device, value,
             {.rows = count,
              .x = x,
              .bias = bias,
              .factor = gates.data(),
              .residual = advance(bytes_of(args.residual), row * row_bytes),
              .out = out.data<std::byte>() + row * row_bytes});
  }
}

}  // namespace sagitta::cpu
