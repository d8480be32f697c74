// What the benchmarks share: a device, values on it, and rates in FLOP/s or bytes/s.
//
// The case names are layers of Stable Diffusion 1.5 at 512x512, batch 2 (one guided step), unless
// they say otherwise. The last argument of every case is the compute type: 0 = f32, 1 = bf16.
#pragma once

#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

#include <benchmark/benchmark.h>

#include <memory>

namespace sagitta::bench {

// The cpu device with all threads, in the type that the case's last argument names.
[[nodiscard]] std::unique_ptr<Device> open(const benchmark::State& state, int type_argument);

// Normally distributed values; weights are scaled so that results keep the size of the input.
[[nodiscard]] Tensor tensor(Device& device, Shape shape);
[[nodiscard]] Weight weight(Device& device, WeightUse use, Shape shape);

// Reports the rate of operations (a multiply-add is two) or of bytes read and written.
void count_flops(benchmark::State& state, double flops_per_call);
void count_bytes(benchmark::State& state, std::size_t bytes_per_call);

}  // namespace sagitta::bench
