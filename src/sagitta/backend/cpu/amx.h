// Tiles of AMX as a fact about the processor and the system.
#pragma once

namespace sagitta::cpu {

// Whether this process may multiply tiles of bf16, beside AVX-512 with bf16 and permutations of
// bytes.
[[nodiscard]] bool amx_usable();

}  // namespace sagitta::cpu
