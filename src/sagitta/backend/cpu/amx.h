// Instructions that multiply bf16 as facts about the processor and the system.
#pragma once

namespace sagitta::cpu {

// Whether the processor has AVX512_BF16 and what of AVX-512 kernels in bf16 take for granted.
[[nodiscard]] bool avx512_bf16_usable();

// Whether this process may multiply tiles of AMX, beside that and permutations of bytes. The user
// may forbid it by ONEDNN_MAX_CPU_ISA, as to oneDNN.
[[nodiscard]] bool amx_usable();

}  // namespace sagitta::cpu
