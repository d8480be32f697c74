#include "sagitta/backend/cuda/conv2d_wgmma.h"

#include "sagitta/backend/cuda/conv2d_block.cuh"
#include "sagitta/backend/cuda/hopper.cuh"

namespace sagitta::cuda {
namespace {

// The kernels of a step as one copy, which runs beside the program and tells a barrier in shared
// memory, one for each stage, how many bytes have come.
template <int kColumns>
class BulkKernels {
 public:
  static constexpr int kSharedBytes = kStages * 8;

  __device__ BulkKernels(const ConvTiles& args, int first_column, int step, std::uint32_t shared)
      : from_(kernels_of<kColumns>(args, first_column, step)),
        barriers_(shared + kStages * kStageBytes<kColumns>) {
    if (threadIdx.x == 0) {
      for (int i = 0; i < kStages; ++i) make_barrier(barrier(i));
      publish_barriers();
    }
    __syncthreads();
  }

  __device__ void load(int step, std::uint32_t to) const {
    if (threadIdx.x != 0) return;
    constexpr int kBytes = kColumns * kRowBytes;
    copy_bulk(to, from_ + std::int64_t{step} * ConvKernels::kBytes, kBytes, barrier(step));
  }

  // The barrier's phase changes with each use of its stage.
  __device__ void wait(int step) const { wait_for_bulk(barrier(step), step / kStages % 2); }

 private:
  __device__ std::uint32_t barrier(int step) const {
    return barriers_ + static_cast<std::uint32_t>(step % kStages * 8);
  }

  const unsigned char* from_;
  std::uint32_t barriers_;
};

// The sums of one group of four warps: 64 pixels and all columns.
template <int kTileColumns>
class GroupTile {
 public:
  static constexpr int kColumns = kTileColumns;
  using Kernels = BulkKernels<kTileColumns>;

  __device__ void arrived() { publish_shared(); }
  __device__ void wait() { wait_for_products(); }

  __device__ void multiply(std::uint32_t stage) {
    constexpr int kStep = 32;  // bytes of 16 values
    const std::uint64_t pixels = described(stage + static_cast<std::uint32_t>(row() * kRowBytes));
    const std::uint64_t kernels = described(stage + kRows * kRowBytes);
    begin_products();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
      multiply_group(sums_, pixels + k * (kStep / 16), kernels + k * (kStep / 16));
    }
    commit_products();
  }

  // Calls store(row, column, sums) with places in the block's tile and two neighbours of a row.
  template <class Store>
  __device__ void each_pair(const Store& store) const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int first = row() + static_cast<int>(threadIdx.x) / 32 % 4 * 16 + lane / 4;
#pragma unroll
    for (int j = 0; j < kColumns / 8; ++j) {
      const int column = j * 8 + lane % 4 * 2;
      store(first, column, float2{sums_[j][0], sums_[j][1]});
      store(first + 8, column, float2{sums_[j][2], sums_[j][3]});
    }
  }

 private:
  __device__ static int row() { return static_cast<int>(threadIdx.x) / 128 * 64; }

  float sums_[kColumns / 8][4] = {};
};

template <int kColumns, bool kResamples>
__global__ void __launch_bounds__(kThreads, 2)
    wgmma_kernel(const __grid_constant__ ConvTiles args, int parts, float* sums) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  make_tile<GroupTile<kColumns>, kResamples>(args, parts, sums);
#else
  __trap();  // has_wgmma() says so
#endif
}

template <int kColumns>
cudaError_t launch(const ConvTiles& args, int parts, float* sums, cudaStream_t stream) {
  const auto kernel =
      args.shape.resamples() ? wgmma_kernel<kColumns, true> : wgmma_kernel<kColumns, false>;
  return launch_tiles<GroupTile<kColumns>>(kernel, args, parts, sums, stream);
}

}  // namespace

bool has_wgmma([[maybe_unused]] int major, [[maybe_unused]] int minor) {
#ifdef SAGITTA_HOPPER
  return major == 9 && minor == 0;
#else
  return false;
#endif
}

cudaError_t conv2d_wgmma(const ConvTiles& args, const ConvCut& cut, float* sums,
                         cudaStream_t stream) {
  return cut.columns == 64 ? launch<64>(args, cut.parts, sums, stream)
                           : launch<128>(args, cut.parts, sums, stream);
}

}  // namespace sagitta::cuda
