// Element-wise ops and ops that only move values: rows of core/kernels.h for the cpu backend.
#pragma once

#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cpu {

void concat_channels(const Tensor& a, const Tensor& b, Tensor& out);
void axpby(float a, const Tensor& x, float b, const Tensor& y, Tensor& out);
void activate(Activation activation, const Tensor& x, Tensor& out);

// GELU of bf16 values in place, to the accuracy of bf16.
void gelu_bf16(void* values, std::int64_t count);

}  // namespace sagitta::cpu
