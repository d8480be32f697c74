#include "sagitta/backend/cuda/conv2d_wgmma.h"

#include "sagitta/backend/cuda/conv2d_block.cuh"

namespace sagitta::cuda {
namespace {

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

// Makes what the program wrote to shared memory visible to the products.
__device__ inline void publish_shared() {
  asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
}
__device__ inline void begin_products() {
  asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory");
}
__device__ inline void commit_products() {
  asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory");
}
__device__ inline void wait_for_products() {
  asm volatile("wgmma.wait_group.sync.aligned 0;\n" ::: "memory");
}

// Of rows of 128 bytes whose words lie as `place` says, in groups of eight rows (1024 bytes): the
// address in units of 16 bytes, the distance of groups in the same, and the code of this order.
__device__ inline std::uint64_t described(std::uint32_t address) {
  constexpr std::uint64_t kGroups = std::uint64_t{1024 / 16} << 32;
  constexpr std::uint64_t kOrder = std::uint64_t{1} << 62;
  return kOrder | kGroups | std::uint64_t{1} << 16 | ((address & 0x3FFFFU) >> 4);
}

// sums (64 x 8 times its length) += a b^T, by the four warps of a group, 16 rows each. Lanes have
// their values as those of multiply_tiles.
__device__ inline void multiply_group(float (&sums)[8][4], std::uint64_t a, std::uint64_t b) {
  asm volatile(
      "{.reg .pred p; setp.eq.u32 p, 1, 1;"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, "
      "%8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31}, "
      "%32, %33, p, 1, 1, 0, 0;}\n"
      : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]), "+f"(sums[1][0]),
        "+f"(sums[1][1]), "+f"(sums[1][2]), "+f"(sums[1][3]), "+f"(sums[2][0]), "+f"(sums[2][1]),
        "+f"(sums[2][2]), "+f"(sums[2][3]), "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]),
        "+f"(sums[3][3]), "+f"(sums[4][0]), "+f"(sums[4][1]), "+f"(sums[4][2]), "+f"(sums[4][3]),
        "+f"(sums[5][0]), "+f"(sums[5][1]), "+f"(sums[5][2]), "+f"(sums[5][3]), "+f"(sums[6][0]),
        "+f"(sums[6][1]), "+f"(sums[6][2]), "+f"(sums[6][3]), "+f"(sums[7][0]), "+f"(sums[7][1]),
        "+f"(sums[7][2]), "+f"(sums[7][3])
      : "l"(a), "l"(b));
}

__device__ inline void multiply_group(float (&sums)[16][4], std::uint64_t a, std::uint64_t b) {
  asm volatile(
      "{.reg .pred p; setp.eq.u32 p, 1, 1;"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, "
      "%8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31, "
      "%32, %33, %34, %35, %36, %37, %38, %39, "
      "%40, %41, %42, %43, %44, %45, %46, %47, "
      "%48, %49, %50, %51, %52, %53, %54, %55, "
      "%56, %57, %58, %59, %60, %61, %62, %63}, "
      "%64, %65, p, 1, 1, 0, 0;}\n"
      : "+f"(sums[0][0]), "+f"(sums[0][1]), "+f"(sums[0][2]), "+f"(sums[0][3]), "+f"(sums[1][0]),
        "+f"(sums[1][1]), "+f"(sums[1][2]), "+f"(sums[1][3]), "+f"(sums[2][0]), "+f"(sums[2][1]),
        "+f"(sums[2][2]), "+f"(sums[2][3]), "+f"(sums[3][0]), "+f"(sums[3][1]), "+f"(sums[3][2]),
        "+f"(sums[3][3]), "+f"(sums[4][0]), "+f"(sums[4][1]), "+f"(sums[4][2]), "+f"(sums[4][3]),
        "+f"(sums[5][0]), "+f"(sums[5][1]), "+f"(sums[5][2]), "+f"(sums[5][3]), "+f"(sums[6][0]),
        "+f"(sums[6][1]), "+f"(sums[6][2]), "+f"(sums[6][3]), "+f"(sums[7][0]), "+f"(sums[7][1]),
        "+f"(sums[7][2]), "+f"(sums[7][3]), "+f"(sums[8][0]), "+f"(sums[8][1]), "+f"(sums[8][2]),
        "+f"(sums[8][3]), "+f"(sums[9][0]), "+f"(sums[9][1]), "+f"(sums[9][2]), "+f"(sums[9][3]),
        "+f"(sums[10][0]), "+f"(sums[10][1]), "+f"(sums[10][2]), "+f"(sums[10][3]),
        "+f"(sums[11][0]), "+f"(sums[11][1]), "+f"(sums[11][2]), "+f"(sums[11][3]),
        "+f"(sums[12][0]), "+f"(sums[12][1]), "+f"(sums[12][2]), "+f"(sums[12][3]),
        "+f"(sums[13][0]), "+f"(sums[13][1]), "+f"(sums[13][2]), "+f"(sums[13][3]),
        "+f"(sums[14][0]), "+f"(sums[14][1]), "+f"(sums[14][2]), "+f"(sums[14][3]),
        "+f"(sums[15][0]), "+f"(sums[15][1]), "+f"(sums[15][2]), "+f"(sums[15][3])
      : "l"(a), "l"(b));
}

#endif

// The sums of one group of four warps: 64 pixels and all columns.
template <int kTileColumns>
class GroupTile {
 public:
  static constexpr int kColumns = kTileColumns;
  static constexpr bool kBeside = true;

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
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
#else
  __device__ void arrived() {}
  __device__ void wait() {}
  __device__ void multiply(std::uint32_t /*stage*/) { __trap(); }
#endif

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

template <int kColumns, bool kEnlarges>
__global__ void __launch_bounds__(kThreads, 2)
    wgmma_kernel(const __grid_constant__ ConvTiles args, int parts, float* sums) {
  make_tile<GroupTile<kColumns>, kEnlarges>(args, parts, sums);
}

template <int kColumns>
cudaError_t launch(const ConvTiles& args, int parts, float* sums, cudaStream_t stream) {
  const auto kernel =
      args.shape.enlarges() ? wgmma_kernel<kColumns, true> : wgmma_kernel<kColumns, false>;
  return launch_tiles<GroupTile<kColumns>>(kernel, args, parts, sums, stream);
}

}  // namespace

bool has_wgmma(int major, int minor) {
#ifdef SAGITTA_HOPPER
  return major == 9 && minor == 0;
#else
  return major < 0 && minor < 0;  // no code for it in this build
#endif
}

cudaError_t conv2d_wgmma(const ConvTiles& args, const ConvCut& cut, float* sums,
                         cudaStream_t stream) {
  return cut.columns == 64 ? launch<64>(args, cut.parts, sums, stream)
                           : launch<128>(args, cut.parts, sums, stream);
}

}  // namespace sagitta::cuda
