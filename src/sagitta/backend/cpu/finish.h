// The end of a product: from sums in f32 to the values of the op. Code for the bodies of
// for_best_isa.
#pragma once

#include "sagitta/backend/cpu/activations.h"
#include "sagitta/core/kernels.h"

#include <cstdint>

namespace sagitta::cpu {

// What is done to the values of a row, each operand starting where the values do, or null.
template <class T>
struct Finish {
  Activation activation = Activation::none;
  const float* gates = nullptr;
  const T* factor = nullptr;
  const T* residual = nullptr;
  T* out = nullptr;
};

template <class Function>
[[gnu::always_inline]] inline void map_in_place(float* values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = Function::of(values[i]);
}

[[gnu::always_inline]] inline void activate_in_place(Activation activation, float* values,
                                                     std::int64_t count) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::silu:
      return map_in_place<Silu>(values, count);
    case Activation::gelu:
      return map_in_place<Gelu>(values, count);
    case Activation::quick_gelu:
      return map_in_place<QuickGelu>(values, count);
    case Activation::relu:
      return map_in_place<Relu>(values, count);
    case Activation::tanh:
      return map_in_place<Tanh>(values, count);
  }
}

// out = activation(values) * gelu(gates) * factor + residual. The values are changed.
template <class T>
[[gnu::always_inline]] inline void finish_values(const Finish<T>& finish, float* __restrict values,
                                                 std::int64_t count) {
  activate_in_place(finish.activation, values, count);
  if (finish.gates != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) values[i] *= gelu(finish.gates[i]);
  }
  if (finish.factor != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) values[i] *= to_float(finish.factor[i]);
  }
  if (finish.residual != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) values[i] += to_float(finish.residual[i]);
  }
  for (std::int64_t i = 0; i < count; ++i) store(values[i], &finish.out[i]);
}

}  // namespace sagitta::cpu
