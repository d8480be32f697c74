// What the kernels of one CUDA device share: its stream, cuBLASLt's handle and its workspace.
#pragma once

#include "sagitta/backend/cuda/blas.h"
#include "sagitta/core/device.h"
#include "sagitta/core/memory.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <string_view>

namespace sagitta::cuda {

// Throws Error{out_of_memory} or Error{internal} that names what was tried, unless status is good.
void check(cudaError_t status, std::string_view what);
void check(cublasStatus_t status, std::string_view what);

// Memory of one device for what lives long, of exactly this size. Takes memory back from the
// device's pool before it gives up. Throws Error{out_of_memory}.
class Block {
 public:
  Block(Device& device, std::size_t bytes);
  ~Block();
  Block(Block&& other) noexcept;
  Block& operator=(Block&& other) noexcept;

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  int ordinal_ = 0;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

struct Context {
  // Makes the device the current one of this thread. Throws Error{internal} if CUDA refuses.
  explicit Context(int ordinal);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  int ordinal;
  int processors = 0;  // streaming multiprocessors
  bool wgmma = false;  // whether Hopper's products can be used
  cudaStream_t stream = nullptr;
  cublasLtHandle_t blas = nullptr;
  void* workspace = nullptr;  // of cuBLASLt's products, kWorkspaceBytes
  ProductPlans plans;

 private:
  void release() noexcept;
};

// What cuBLASLt's split products want on recent processors.
inline constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20U;

// Copies from host memory, which is not needed any more when this returns.
void copy_to_device(Device& device, const void* from, void* to, std::size_t bytes);

inline constexpr int kMostDevices = 16;

// Where a device's memory pool gets its memory; ordinal < kMostDevices.
[[nodiscard]] MemoryPool::Source memory_source(int ordinal);

}  // namespace sagitta::cuda
