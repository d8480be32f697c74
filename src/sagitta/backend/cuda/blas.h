// Products of matrices by cuBLASLt.
#pragma once

#include "sagitta/core/dtype.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>

namespace sagitta::cuda {

struct Context;

// A matrix of `stride` elements from row to row, in device memory.
struct Operand {
  const void* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t step = 0;  // elements from one matrix of a batch to the next
};

// Where the results go.
struct Result {
  void* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t step = 0;
};

// out = alpha a b + bias + addend, or with b transposed where b_rows_are_columns. Row-major, sums
// in f32 and never in TF32.
struct Product {
  DType type = DType::f32;      // of a, b, bias: f32 or bf16
  DType out_type = DType::f32;  // of out and addend: as type, or f32
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t depth = 0;
  Operand a;                       // (rows, depth)
  Operand b;                       // (cols, depth) where b_rows_are_columns, else (depth, cols)
  bool b_rows_are_columns = true;  // as weights are stored
  Result out;                      // (rows, cols)
  const void* addend = nullptr;    // laid out like out
  const void* bias = nullptr;      // (cols)
  float alpha = 1;
  std::int64_t count = 1;  // matrices in the batch
};

// What is known of each kind of product that there was: its description and the way that cuBLASLt
// chose for it. To look for one takes longer than most products.
class ProductPlans {
 public:
  ProductPlans();
  ~ProductPlans();
  ProductPlans(const ProductPlans&) = delete;
  ProductPlans& operator=(const ProductPlans&) = delete;

  struct Plan;
  // The plan of this kind of product, made at the first call.
  const Plan& of(const Context& context, const Product& product);

 private:
  // All sizes, strides and steps, the types, what is added, and the alignment of addresses.
  using Key = std::array<std::int64_t, 12>;
  std::map<Key, std::unique_ptr<Plan>> plans_;
};

void multiply(Context& context, const Product& product);

}  // namespace sagitta::cuda
