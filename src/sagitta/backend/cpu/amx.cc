#include "sagitta/backend/cpu/amx.h"

#include "sagitta/backend/cpu/dnnl.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sagitta::cpu {
namespace {

#if defined(__x86_64__)

// Linux saves the tiles of a process only after it has asked for that.
bool system_keeps_tiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool processor_has_tiles() {
  constexpr unsigned kBf16 = 1U << 22U;
  constexpr unsigned kTile = 1U << 24U;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return (d & kBf16) != 0 && (d & kTile) != 0;
}

bool processor_has_vectors() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512bf16") != 0;
}

bool probe_tiles() {
  return processor_has_vectors() && __builtin_cpu_supports("avx512vbmi") != 0 &&
         processor_has_tiles() && uses_tiles() && system_keeps_tiles();
}

#else

bool processor_has_vectors() { return false; }
bool probe_tiles() { return false; }

#endif

}  // namespace

bool avx512_bf16_usable() { return processor_has_vectors(); }

bool amx_usable() {
  static const bool found = probe_tiles();
  return found;
}

}  // namespace sagitta::cpu
