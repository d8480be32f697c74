// The instructions around the tensor cores (since compute capability 8.0): copies from device
// memory to shared memory that run beside the program, loads of 8x8 tiles, the product of tiles,
// and what makes operands of sums. Those that touch memory say so to the compiler, which knows
// nothing of the addresses in them and could move plain reads and writes past them otherwise.
#pragma once

#include <cstdint>

namespace sagitta::cuda {

__device__ inline std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// Copies 16 bytes, or fills them with zeros if not there and reads nothing, wherever from points.
__device__ inline void copy_async(std::uint32_t to, const void* from, bool there) {
  const int bytes = there ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to),
               "l"(__cvta_generic_to_global(from)), "r"(bytes)
               : "memory");
}

// Ends a group of copies.
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }

// Waits until at most kLeft of this thread's latest groups are not done. Copies in no group yet are
// not waited for.
template <int kLeft>
__device__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(kLeft) : "memory");
}

// Four 8x8 tiles of bf16; lane i gives the address of row i % 8 of tile i / 8. Each lane gets, of
// each tile, the two neighbours (2 * (lane % 4), +1) of row lane / 4.
__device__ inline void load_tiles(std::uint32_t (&tiles)[4], std::uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(tiles[0]), "=r"(tiles[1]), "=r"(tiles[2]), "=r"(tiles[3])
               : "r"(row)
               : "memory");
}

// The same of each tile's transpose: the neighbours lie in column lane / 4 of what rows hold.
__device__ inline void load_tiles_transposed(std::uint32_t (&tiles)[4], std::uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(tiles[0]), "=r"(tiles[1]), "=r"(tiles[2]), "=r"(tiles[3])
               : "r"(row)
               : "memory");
}

// sums (16x8, f32) += a (16x16) b (16x8). Lane: rows lane / 4 and + 8, columns 2 * (lane % 4), + 1.
__device__ inline void multiply_tiles(float (&sums)[4], const std::uint32_t (&a)[4],
                                      std::uint32_t b_low, std::uint32_t b_high) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_low), "r"(b_high));
}

// The same with only the first eight columns of a and rows of b.
__device__ inline void multiply_half_tiles(float (&sums)[4], const std::uint32_t (&a)[4],
                                           std::uint32_t b_low) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
      "{%0, %1, %2, %3};\n"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(b_low));
}

// Two bf16, rounded to nearest even; the first has the lower half and so the lower address.
__device__ inline std::uint32_t round_pair(float first, float second) {
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(pair) : "f"(second), "f"(first));
  return pair;
}

// 2^x to about 2 units in the last place; 0 for -inf.
__device__ inline float power_of_two(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(y) : "f"(x));
  return y;
}

}  // namespace sagitta::cuda
