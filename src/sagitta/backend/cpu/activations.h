// The activations as types, for kernels that are compiled once for each.
#pragma once

#include "sagitta/backend/cpu/simd.h"

namespace sagitta::cpu {

struct Silu {
  [[gnu::always_inline]] static float of(float x) { return silu(x); }
};
struct ShortSilu {
  [[gnu::always_inline]] static float of(float x) { return short_silu(x); }
};
struct Gelu {
  [[gnu::always_inline]] static float of(float x) { return gelu(x); }
};
struct ShortGelu {
  [[gnu::always_inline]] static float of(float x) { return short_gelu(x); }
};
struct QuickGelu {
  [[gnu::always_inline]] static float of(float x) { return quick_gelu(x); }
};
struct Relu {
  [[gnu::always_inline]] static float of(float x) { return x > 0 ? x : 0.0F; }
};
// Exact to about 1e-7 absolutely, which is relative to the range of tanh, not to small values.
struct Tanh {
  [[gnu::always_inline]] static float of(float x) { return 2 * sigmoid(2 * x) - 1; }
};

}  // namespace sagitta::cpu
