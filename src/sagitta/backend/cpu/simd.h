// What the CPU kernels of this project share: elementary functions, the choice of instruction set
// at run time, and the split of a loop over threads.
//
// A kernel's inner loop is written once, as the always_inline static `run` of a body type, in plain
// scalar C++. for_best_isa<Body>(...) compiles it for AVX-512, AVX2 and the baseline and calls the
// best one that this processor has. No intrinsics, no ifuncs (they crash under sanitizers), no
// second compilation of a file with other flags (which lets the linker mix up inline functions).
#pragma once

#include "sagitta/backend/cpu/elementary.h"

#include <cstddef>
#include <cstdint>

namespace sagitta::cpu {

#if defined(__x86_64__)

enum class Isa { baseline, avx2, avx512 };

inline Isa best_isa() {
  static const Isa isa = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma")) {
      return Isa::avx512;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Isa::avx2
                                                                           : Isa::baseline;
  }();
  return isa;
}

template <class Body, class... Args>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,fma")]] void run_avx512(Args... args) {
  Body::run(args...);
}

template <class Body, class... Args>
[[gnu::target("avx2,fma")]] void run_avx2(Args... args) {
  Body::run(args...);
}

// Calls Body::run(args...) as compiled for the best instruction set of this processor.
template <class Body, class... Args>
void for_best_isa(Args... args) {
  switch (best_isa()) {
    case Isa::avx512:
      return run_avx512<Body>(args...);
    case Isa::avx2:
      return run_avx2<Body>(args...);
    case Isa::baseline:
      return Body::run(args...);
  }
}

#else

// One instruction set only: the compiler's.
template <class Body, class... Args>
void for_best_isa(Args... args) {
  Body::run(args...);
}

#endif

// a / b, rounded up; a at least 0, b positive.
inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Rows of `row` bytes, to be copied, that make up a block worth a thread.
inline std::int64_t rows_per_block(std::size_t row) {
  constexpr std::size_t kBlockBytes = 65536;
  return static_cast<std::int64_t>(kBlockBytes > row ? kBlockBytes / row : 1);
}

// Cuts [0, count) into blocks of `grain` items, spreads the blocks over the threads in order, and
// calls body(begin, end) for each. The blocks do not depend on the number of threads, so neither
// do sums over them. A single block stays on the calling thread. body must not throw.
template <class Body>
void parallel_ranges(std::int64_t count, std::int64_t grain, const Body& body) {
  const std::int64_t blocks = divide_up(count, grain);
#pragma omp parallel for schedule(static) if (blocks > 1)
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block * grain;
    const std::int64_t end = begin + grain < count ? begin + grain : count;
    body(begin, end);
  }
}

}  // namespace sagitta::cpu
