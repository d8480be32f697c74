// Device code of the norms. Statistics are in f32: means first, then squared distances from them.
#pragma once

#include "sagitta/core/dtype.h"

#include <cuda_runtime_api.h>

#include <cstdint>

namespace sagitta::cuda {

struct GroupNorm {
  const void* x = nullptr;  // (samples, positions, channels)
  const float* gamma = nullptr;
  const float* beta = nullptr;
  std::int64_t samples = 0;
  std::int64_t positions = 0;
  int channels = 0;
  int groups = 0;
  float eps = 0;
  bool silu = false;
};

// The floats that normalise_groups works with.
[[nodiscard]] std::int64_t group_norm_floats(const GroupNorm& args);
cudaError_t normalise_groups(DType type, const GroupNorm& args, float* floats, void* out,
                             cudaStream_t stream);

cudaError_t normalise_rows(DType type, const void* x, const float* gamma, const float* beta,
                           float eps, std::int64_t rows, std::int64_t channels, void* out,
                           cudaStream_t stream);

}  // namespace sagitta::cuda
