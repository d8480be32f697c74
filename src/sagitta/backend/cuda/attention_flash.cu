// One block computes kQueries rows of one head's output. Its four warps share tiles of kKeys keys
// and values in shared memory and each owns 16 * kRowTiles of the rows, so that nothing but those
// tiles passes between warps. A tile's logits, the weights made of them and the output's running
// sum live in registers, and never reach memory.
//
// Both products are made of mma.m16n8k16, whose operands lie in a warp's registers like this. With
// group = lane / 4 and quad = lane % 4, a lane holds of
//   A (16 rows, 16 deep):   a[0] row group,     deep 2 quad, 2 quad + 1   a[2] the same, deep + 8
//                           a[1] row group + 8, deep 2 quad, 2 quad + 1   a[3] the same, deep + 8
//   B (16 deep, 8 columns): b[0] deep 2 quad, 2 quad + 1, column group    b[1] the same, deep + 8
//   C (16 rows, 8 columns): c[0], c[1] row group,     columns 2 quad, 2 quad + 1
//                           c[2], c[3] row group + 8, columns 2 quad, 2 quad + 1
// so the four lanes of a quad share two rows of C. And two neighbouring C of the first product,
// rounded to bf16 and paired, are one A of the second as they stand: weights need no shuffling.
//
// load_tiles fetches four 8x8 tiles, called squares here, into four registers: lanes 8 i to 8 i + 7
// give the addresses of the rows of square i, and of each square a lane gets row group, columns
// 2 quad and 2 quad + 1 (of the transposed square if asked to). A square is a quarter of an A. It
// is also half of a B, as it stands if a row in memory runs along the depth, as a key does in the
// first product, and transposed if it runs along the columns, as a value does in the second.
#include "sagitta/backend/cuda/attention_flash.h"

#include "sagitta/backend/cuda/tensor_core.cuh"

#include <climits>
#include <cmath>

namespace sagitta::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
constexpr int kElementBytes = 2;
constexpr int kCopyBytes = 16;
constexpr int kCopyElements = kCopyBytes / kElementBytes;

// The tiling for heads of up to kHeadSize channels, where a warp owns 16 * kWarpRowTiles rows.
template <int kHeadSize, int kWarpRowTiles>
struct Shape {
  static constexpr int kSize = kHeadSize;
  static constexpr int kRowTiles = kWarpRowTiles;
  static constexpr int kPadded = (kSize + 15) / 16 * 16;  // what lies past kSize is never used
  static constexpr int kQueries = 16 * kRowTiles * kWarps;
  // Large heads get by with fewer keys at a time: their output fills the registers, and the tiles
  // must fit in the 99 KB that the smallest chips of this kind give to one block.
  static constexpr int kKeys = kSize <= 80 ? 64 : 32;

  static constexpr int kDepthSteps = kPadded / 16;  // of the first product
  static constexpr int kKeyTiles = kKeys / 8;       // columns of the first product, by eights
  static constexpr int kOutTiles = kSize / 8;       // columns of the second, likewise
  // Queries stay in registers where those suffice, else each tile of keys reads them again.
  static constexpr bool kHoldQueries = kSize <= (kRowTiles == 1 ? 160 : 64);

  // Rows lie an odd number of 16-byte pieces apart, so that the eight rows of a square, and the
  // eight rows of C that are written at once in the end, fall into different banks.
  static constexpr int kRowBytes = (kPadded + kCopyElements) * kElementBytes;
  static_assert(kRowBytes / kCopyBytes % 2 == 1);
  static constexpr int kQueryTileBytes = kQueries * kRowBytes;
  static constexpr int kKeyTileBytes = kKeys * kRowBytes;
  // Two of keys and two of values: one pair is filled while the other is used.
  static constexpr int kSharedBytes = kQueryTileBytes + 4 * kKeyTileBytes;
  static_assert(kSharedBytes <= 99 * 1024);

  // As many blocks as should share a multiprocessor, which bounds the registers of each.
  static constexpr int kBlocks = kRowTiles == 2 || kSize > 128 ? 2 : kSize > 48 ? 3 : 4;
};

__device__ __forceinline__ float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffU, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffU, x, 2));
}

__device__ __forceinline__ float quad_sum(float x) {
  x += __shfl_xor_sync(0xffffffffU, x, 1);
  return x + __shfl_xor_sync(0xffffffffU, x, 2);
}

// What a lane keeps from tile to tile. Of each row tile it holds rows group (half 0) and
// group + 8 (half 1).
template <class S>
struct Running {
  float out[S::kRowTiles][S::kOutTiles][4];  // C of the second product, not yet divided
  float top[S::kRowTiles][2];                // the row's largest logit so far, before scaling
  float sum[S::kRowTiles][2];                // of the weights, over this lane's columns alone
};

template <class S>
struct Logits {
  float c[S::kRowTiles][S::kKeyTiles][4];
};

// This warp's rows of q as A of the first product.
template <class S>
struct Queries {
  std::uint32_t address;  // of this lane's row of the first squares
  std::uint32_t held[S::kRowTiles][S::kHoldQueries ? S::kDepthSteps : 1][4];
};

// Starts copying kRows rows of one head into a tile. Rows from `rows` on and channels from `size`
// on become zeros: as keys and queries they add nothing to a logit, as values nothing to an output,
// where whatever else lay there could be NaN and spoil a weight of zero. A thread copies the same
// piece of every kStep-th row, so that it has few addresses to work out and to keep.
template <class S, int kRows>
__device__ __forceinline__ void copy_tile(std::uint32_t tile, const std::uint16_t* from, int pitch,
                                          int rows, int size) {
  constexpr int kPieces = S::kSize / kCopyElements;  // of a row
  constexpr int kStep = kThreads / kPieces;
  const int first = static_cast<int>(threadIdx.x) / kPieces;
  const int channel = static_cast<int>(threadIdx.x) % kPieces * kCopyElements;
  const bool in_head = channel < size;
  const std::uint16_t* piece = from + first * pitch + channel;
  const std::uint32_t to = tile + first * S::kRowBytes + channel * kElementBytes;
  if (first < kStep) {  // the last few threads may be too many
#pragma unroll
    for (int i = 0; i < kRows; i += kStep) {
      if (first + i < kRows) copy_async(to + i * S::kRowBytes, piece, in_head && first + i < rows);
      piece += kStep * pitch;
    }
  }
  __syncwarp();  // ldmatrix and mma want the warp together
}

// Makes every thread's copies visible to all, and lets no warp go on to overwrite what another
// still reads.
__device__ __forceinline__ void meet() {
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
}

// Where in 16 rows and 16 channels this lane's row starts if the squares go down first, then
// across: so one fetch gives an A of queries, or of values B for two tiles of columns.
template <class S>
__device__ __forceinline__ std::uint32_t down_first(int lane) {
  return lane % 16 * S::kRowBytes + lane / 16 * 8 * kElementBytes;
}

// The same if they go across first, then down: one fetch gives of keys B for two tiles of columns.
template <class S>
__device__ __forceinline__ std::uint32_t across_first(int lane) {
  return (lane / 16 * 8 + lane % 8) * S::kRowBytes + lane / 8 % 2 * 8 * kElementBytes;
}

// Fetches one row tile and step of depth.
template <class S>
__device__ __forceinline__ void load_queries(std::uint32_t (&a)[4], std::uint32_t address, int m,
                                             int step) {
  load_tiles(a, address + m * 16 * S::kRowBytes + step * 16 * kElementBytes);
}

template <class S>
__device__ __forceinline__ void hold_queries(Queries<S>& queries) {
#pragma unroll
  for (int m = 0; m < S::kRowTiles; ++m) {
#pragma unroll
    for (int step = 0; step < S::kDepthSteps; ++step) {
      load_queries<S>(queries.held[m][step], queries.address, m, step);
    }
  }
}

// The first product: logits = q k^T, by the tile of keys at `keys`.
template <class S>
__device__ __forceinline__ void multiply_by_keys(Logits<S>& logits, const Queries<S>& queries,
                                                 std::uint32_t keys) {
#pragma unroll
  for (int m = 0; m < S::kRowTiles; ++m) {
#pragma unroll
    for (int n = 0; n < S::kKeyTiles; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) logits.c[m][n][e] = 0;
    }
  }
#pragma unroll
  for (int step = 0; step < S::kDepthSteps; ++step) {
    // Eight channels are left for the last step where the size is an odd multiple of eight.
    const bool whole = step * 16 + 16 <= S::kSize;
    std::uint32_t a[S::kRowTiles][4];
#pragma unroll
    for (int m = 0; m < S::kRowTiles; ++m) {
      if constexpr (S::kHoldQueries) {
#pragma unroll
        for (int e = 0; e < 4; ++e) a[m][e] = queries.held[m][step][e];
      } else {
        load_queries<S>(a[m], queries.address, m, step);
      }
    }
#pragma unroll
    for (int n = 0; n < S::kKeyTiles; n += 2) {
      std::uint32_t b[4];
      load_tiles(b, keys + n * 8 * S::kRowBytes + step * 16 * kElementBytes);
#pragma unroll
      for (int m = 0; m < S::kRowTiles; ++m) {
        if (whole) {
          multiply_tiles(logits.c[m][n], a[m], b[0], b[1]);
          multiply_tiles(logits.c[m][n + 1], a[m], b[2], b[3]);
        } else {
          multiply_half_tiles(logits.c[m][n], a[m], b[0]);
          multiply_half_tiles(logits.c[m][n + 1], a[m], b[2]);
        }
      }
    }
  }
}

// Hides keys that do not exist and, if causal, those after their query. `row` and `key` are the
// positions of this lane's first logit.
template <class S>
__device__ __forceinline__ void mask(Logits<S>& logits, int row, int key, int keys, bool causal) {
#pragma unroll
  for (int m = 0; m < S::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int seen = causal ? min(keys, row + m * 16 + half * 8 + 1) : keys;
#pragma unroll
      for (int n = 0; n < S::kKeyTiles; ++n) {
        if (key + n * 8 >= seen) logits.c[m][n][2 * half] = -INFINITY;
        if (key + n * 8 + 1 >= seen) logits.c[m][n][2 * half + 1] = -INFINITY;
      }
    }
  }
}

// Turns logits into weights relative to the largest logit so far, and brings what was summed
// relative to an earlier one in line. `scale` leads to powers of two. NaN passes fmaxf by but not
// the weights, and so spoils its own row.
template <class S>
__device__ __forceinline__ void softmax_step(Logits<S>& logits, Running<S>& running, float scale) {
#pragma unroll
  for (int m = 0; m < S::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float before = running.top[m][half];
      float top = before;
#pragma unroll
      for (int n = 0; n < S::kKeyTiles; ++n) {
        top = fmaxf(top, fmaxf(logits.c[m][n][2 * half], logits.c[m][n][2 * half + 1]));
      }
      top = quad_max(top);
      running.top[m][half] = top;
      // While all logits are -inf their weights are 0, where -inf less -inf would make them NaN.
      const float reference = top == -INFINITY ? 0.0F : top * scale;

      const float fade = power_of_two(before * scale - reference);
      float sum = running.sum[m][half] * fade;
#pragma unroll
      for (int n = 0; n < S::kKeyTiles; ++n) {
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; ++e) {
          const float weight = power_of_two(fmaf(logits.c[m][n][e], scale, -reference));
          logits.c[m][n][e] = weight;
          sum += weight;
        }
      }
      running.sum[m][half] = sum;
#pragma unroll
      for (int n = 0; n < S::kOutTiles; ++n) {
        running.out[m][n][2 * half] *= fade;
        running.out[m][n][2 * half + 1] *= fade;
      }
    }
  }
}

// The second product: out += weights v, by the tile of values at `values`.
template <class S>
__device__ __forceinline__ void multiply_by_values(Running<S>& running, const Logits<S>& weights,
                                                   std::uint32_t values) {
#pragma unroll
  for (int k = 0; k < S::kKeyTiles; k += 2) {
    std::uint32_t a[S::kRowTiles][4];
#pragma unroll
    for (int m = 0; m < S::kRowTiles; ++m) {
      const float(&low)[4] = weights.c[m][k];
      const float(&high)[4] = weights.c[m][k + 1];
      a[m][0] = round_pair(low[0], low[1]);
      a[m][1] = round_pair(low[2], low[3]);
      a[m][2] = round_pair(high[0], high[1]);
      a[m][3] = round_pair(high[2], high[3]);
    }
#pragma unroll
    for (int n = 0; n < S::kOutTiles; n += 2) {
      std::uint32_t b[4];
      load_tiles_transposed(b, values + k * 8 * S::kRowBytes + n * 8 * kElementBytes);
#pragma unroll
      for (int m = 0; m < S::kRowTiles; ++m) {
        multiply_tiles(running.out[m][n], a[m], b[0], b[1]);
        if (n + 1 < S::kOutTiles) multiply_tiles(running.out[m][n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

// Divides by the sums of the weights and rounds, into this warp's rows of a tile.
template <class S>
__device__ __forceinline__ void stage_output(unsigned char* tile, const Running<S>& running,
                                             int lane) {
#pragma unroll
  for (int m = 0; m < S::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float share = 1.0F / quad_sum(running.sum[m][half]);
      const int row = m * 16 + half * 8 + lane / 4;
#pragma unroll
      for (int n = 0; n < S::kOutTiles; ++n) {
        const int channel = n * 8 + lane % 4 * 2;
        *reinterpret_cast<std::uint32_t*>(tile + row * S::kRowBytes + channel * kElementBytes) =
            round_pair(running.out[m][n][2 * half] * share,
                       running.out[m][n][2 * half + 1] * share);
      }
    }
  }
}

// Writes this warp's rows, 16 bytes a lane, as far as there are `rows` and `size` channels.
template <class S>
__device__ __forceinline__ void store_output(std::uint16_t* to, std::int64_t pitch,
                                             const unsigned char* tile, int rows, int size,
                                             int lane) {
  constexpr int kPieces = S::kSize / kCopyElements;  // of a row
#pragma unroll 1
  for (int piece = lane; piece < 16 * S::kRowTiles * kPieces; piece += 32) {
    const int row = piece / kPieces;
    const int channel = piece % kPieces * kCopyElements;
    if (row >= rows || channel >= size) continue;
    *reinterpret_cast<uint4*>(to + row * pitch + channel) =
        *reinterpret_cast<const uint4*>(tile + row * S::kRowBytes + channel * kElementBytes);
  }
}

template <class S>
__global__ void __launch_bounds__(kThreads, S::kBlocks) attend(const FlashAttention args) {
  extern __shared__ __align__(16) unsigned char shared[];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp_row = static_cast<int>(threadIdx.x) / 32 * 16 * S::kRowTiles;
  const int queries = static_cast<int>(args.queries);
  const int keys = static_cast<int>(args.keys);

  // Blocks of one head follow each other, to find its keys in the cache. Causal ones start with the
  // last rows, which see the most keys, so that short work is left to fill the end.
  const int row_blocks = (queries - 1) / S::kQueries + 1;
  const int in_head = static_cast<int>(blockIdx.x) % row_blocks;
  const int head = static_cast<int>(blockIdx.x) / row_blocks % args.heads;
  const int item = static_cast<int>(blockIdx.x) / row_blocks / args.heads;
  const int first_row = (args.causal ? row_blocks - 1 - in_head : in_head) * S::kQueries;
  const int first_warp_row = first_row + warp_row;

  const int pitch = args.heads * args.size;
  const std::int64_t in_row = static_cast<std::int64_t>(head) * args.size;
  const std::int64_t row_offset = (item * args.queries + first_row) * pitch + in_row;
  const std::int64_t key_offset = item * args.keys * pitch + in_row;
  const auto* q = static_cast<const std::uint16_t*>(args.q) + row_offset;
  const auto* k = static_cast<const std::uint16_t*>(args.k) + key_offset;
  const auto* v = static_cast<const std::uint16_t*>(args.v) + key_offset;
  auto* out = static_cast<std::uint16_t*>(args.out) + row_offset;

  const std::uint32_t query_tile = shared_address(shared);
  const std::uint32_t key_tiles = query_tile + S::kQueryTileBytes;
  const std::uint32_t value_tiles = key_tiles + 2 * S::kKeyTileBytes;
  const auto copy_keys_and_values = [&](int first_key, int which) {
    const std::int64_t offset = std::int64_t{first_key} * pitch;
    copy_tile<S, S::kKeys>(key_tiles + which * S::kKeyTileBytes, k + offset, pitch,
                           keys - first_key, args.size);
    copy_tile<S, S::kKeys>(value_tiles + which * S::kKeyTileBytes, v + offset, pitch,
                           keys - first_key, args.size);
  };

  copy_tile<S, S::kQueries>(query_tile, q, pitch, queries - first_row, args.size);
  copy_keys_and_values(0, 0);
  meet();

  Queries<S> query;
  query.address = query_tile + warp_row * S::kRowBytes + down_first<S>(lane);
  if constexpr (S::kHoldQueries) hold_queries(query);

  Running<S> running;
#pragma unroll
  for (int m = 0; m < S::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      running.top[m][half] = -INFINITY;
      running.sum[m][half] = 0;
    }
#pragma unroll
    for (int n = 0; n < S::kOutTiles; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) running.out[m][n][e] = 0;
    }
  }

  // Every row sees key 0, so no row is without a weight in the end.
  const float scale = args.scale * 1.44269504F;  // log2(e), as weights are powers of two
  const int seen_keys = args.causal ? min(keys, first_row + S::kQueries) : keys;
  int which = 0;
#pragma unroll 1
  for (int first_key = 0; first_key < seen_keys; first_key += S::kKeys) {
    const int next_key = first_key + S::kKeys;
    if (next_key < seen_keys) copy_keys_and_values(next_key, which ^ 1);

    Logits<S> logits;
    multiply_by_keys(logits, query, key_tiles + which * S::kKeyTileBytes + across_first<S>(lane));
    if (next_key > keys || (args.causal && next_key > first_warp_row + 1)) {
      mask(logits, first_warp_row + lane / 4, first_key + lane % 4 * 2, keys, args.causal);
    }
    softmax_step(logits, running, scale);
    multiply_by_values(running, logits,
                       value_tiles + which * S::kKeyTileBytes + down_first<S>(lane));
    which ^= 1;
    meet();
  }

  // The queries have served, and only this warp read its rows of them.
  unsigned char* const staged = shared + warp_row * S::kRowBytes;
  stage_output(staged, running, lane);
  __syncwarp();
  store_output<S>(out + warp_row * pitch, pitch, staged, queries - first_warp_row, args.size, lane);
}

std::int64_t count_blocks(const FlashAttention& args, int queries_each) {
  return ((args.queries - 1) / queries_each + 1) * args.batch * args.heads;
}

template <class S>
cudaError_t launch(const FlashAttention& args, cudaStream_t stream) {
  const std::int64_t blocks = count_blocks(args, S::kQueries);
  if (blocks > INT_MAX) return cudaErrorInvalidValue;
  if constexpr (S::kSharedBytes > 48 * 1024) {  // more than a kernel gets unasked
    const cudaError_t status = cudaFuncSetAttribute(
        attend<S>, cudaFuncAttributeMaxDynamicSharedMemorySize, S::kSharedBytes);
    if (status != cudaSuccess) return status;
  }
  attend<S><<<static_cast<unsigned>(blocks), kThreads, S::kSharedBytes, stream>>>(args);
  return cudaGetLastError();
}

// Two row tiles to a warp use each fetched key and value twice, but only one gives enough blocks
// to go around where there are few queries.
template <int kSize>
cudaError_t choose_rows(const FlashAttention& args, cudaStream_t stream) {
  if constexpr (kSize <= 128) {
    using Tall = Shape<kSize, 2>;
    if (count_blocks(args, Tall::kQueries) >= std::int64_t{Tall::kBlocks} * args.processors) {
      return launch<Tall>(args, stream);
    }
  }
  return launch<Shape<kSize, 1>>(args, stream);
}

bool aligned(const void* array) { return reinterpret_cast<std::uintptr_t>(array) % 16 == 0; }

bool valid(const FlashAttention& args) {
  constexpr std::int64_t kMost = INT_MAX / 2;         // positions a tile past the end are int too
  constexpr std::int64_t kMostPitch = INT_MAX / 256;  // as are offsets within a tile
  return flash_takes(args.size) && args.heads >= 1 && args.heads <= kMostPitch / args.size &&
         args.batch >= 0 && args.batch <= kMost / args.heads && args.queries >= 1 &&
         args.queries <= kMost && args.keys >= 1 && args.keys <= kMost && args.scale > 0 &&
         aligned(args.q) && aligned(args.k) && aligned(args.v) && aligned(args.out);
}

}  // namespace

bool flash_takes(int size) { return size >= 8 && size <= 160 && size % 8 == 0; }

cudaError_t attention_flash(const FlashAttention& args, cudaStream_t stream) {
  if (!valid(args)) return cudaErrorInvalidValue;
  if (args.batch == 0) return cudaSuccess;
  if (args.size <= 16) return choose_rows<16>(args, stream);
  if (args.size <= 32) return choose_rows<32>(args, stream);
  if (args.size <= 40) return choose_rows<40>(args, stream);
  if (args.size <= 48) return choose_rows<48>(args, stream);
  if (args.size <= 64) return choose_rows<64>(args, stream);
  if (args.size <= 80) return choose_rows<80>(args, stream);
  if (args.size <= 96) return choose_rows<96>(args, stream);
  if (args.size <= 128) return choose_rows<128>(args, stream);
  return choose_rows<160>(args, stream);
}

}  // namespace sagitta::cuda
