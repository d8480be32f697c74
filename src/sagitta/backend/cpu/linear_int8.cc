#include "sagitta/backend/cpu/linear_int8.h"

#include "sagitta/backend/cpu/finish_int8.h"
#include "sagitta/base/log.h"

#include <algorithm>

namespace sagitta::cpu {
namespace {

// As for the gates in linear.cc: the weights are read again for every block of rows.
constexpr std::int64_t kBlockBytes = 8 << 20;
constexpr std::int64_t kLeastRows = 128;

template <class T>
T* data_of(const PoolBlock& block) {
  return static_cast<T*>(block.data());
}

template <class T>
std::size_t bytes_for(std::int64_t count) {
  return static_cast<std::size_t>(count) * sizeof(T);
}

// sums = bytes * weight.
void multiply_integers(Device& device, const PackedMatrix& weight, std::int64_t rows,
                       const std::uint8_t* bytes, std::int32_t* sums) {
  Context& context = device.context<Context>();
  const MatmulProblem problem{.type = kIntegers, .rows = rows, .in = weight.in, .out = weight.out};
  const auto plan = context.matmuls.find_or_make(problem, [&] {
    Plan made = plan_matmul(context.engine, problem, &weight.values.layout());
    log(LogLevel::debug, "cpu: int8 product of {} rows with {} x {} by oneDNN's {}", rows,
        weight.in, weight.out, made.implementation);
    return made;
  });
  const PoolBlock scratch(device, plan->scratch);
  run(context.engine, context.stream, *plan,
      {.x = bytes,
       .weights = weight.values.in(device, plan->weights),
       .out = sums,
       .scratch = scratch.data()});
}

void multiply_blocks(Device& device, const PackedMatrix& value, const PackedMatrix* gate,
                     const Product& product) {
  const DType type = device.compute();
  const auto element = static_cast<std::int64_t>(size_of(type));
  const std::int64_t in = value.in;
  const std::int64_t out = value.out;
  const std::int64_t sums_of_row = gate == nullptr ? out : 2 * out;
  const std::int64_t fitting = kBlockBytes / (sums_of_row * 4) / 64 * 64;
  const std::int64_t block = std::min(product.rows, std::max(kLeastRows, fitting));
  const PoolBlock bytes(device, bytes_for<std::uint8_t>(block * in));
  const PoolBlock scales(device, bytes_for<ByteScale>(block));
  const PoolBlock sums(device, bytes_for<std::int32_t>(block * sums_of_row));
  auto* const value_sums = data_of<std::int32_t>(sums);
  auto* const gate_sums = value_sums + block * out;

  for (std::int64_t row = 0; row < product.rows; row += block) {
    const std::int64_t rows = std::min(block, product.rows - row);
    quantize_rows(type, advance<std::byte>(product.x, row * in * element), rows, in,
                  data_of<std::uint8_t>(bytes), data_of<ByteScale>(scales));
    Int8Finish finish{.type = type,
                      .rows = rows,
                      .columns = out,
                      .scales = data_of<const ByteScale>(scales),
                      .value = {value_sums, &value.int8, product.bias},
                      .gate = {},
                      .activation = product.activation,
                      .factor = advance<std::byte>(product.factor, row * out * element),
                      .residual = advance<std::byte>(product.residual, row * out * element),
                      .out = static_cast<std::byte*>(product.out) + row * out * element};
    multiply_integers(device, value, rows, data_of<std::uint8_t>(bytes), value_sums);
    if (gate != nullptr) {
      multiply_integers(device, *gate, rows, data_of<std::uint8_t>(bytes), gate_sums);
      finish.gate = {gate_sums, &gate->int8,
                     product.bias == nullptr ? nullptr : product.bias + out};
    }
    finish_int8(finish);
  }
}

}  // namespace

void multiply_int8(Device& device, const PackedMatrix& weight, const Product& product) {
  multiply_blocks(device, weight, nullptr, product);
}

void multiply_int8(Device& device, const PackedGeglu& weight, const Product& product) {
  multiply_blocks(device, weight.value, &weight.gate, product);
}

}  // namespace sagitta::cpu
