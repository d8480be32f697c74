// Matrix products: rows of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

// out = activation(x weight + bias) * factor + residual over dense rows in the compute type.
// Operands that are null are left out.
struct Product {
  std::int64_t rows = 0;
  const void* x = nullptr;         // (rows, in)
  const float* bias = nullptr;     // (out)
  const void* factor = nullptr;    // (rows, out)
  const void* residual = nullptr;  // (rows, out)
  Activation activation = Activation::none;
  void* out = nullptr;  // (rows, out)
};

// Moves a pointer of a product that may be null.
template <class T>
const T* advance(const void* data, std::int64_t elements) {
  return data == nullptr ? nullptr : static_cast<const T*>(data) + elements;
}

void multiply(Device& device, const PackedMatrix& weight, const Product& product);

void linear(const LinearArgs& args, Tensor& out);

void linear_geglu(const LinearArgs& args, Tensor& out);

}  // namespace sagitta::cpu
