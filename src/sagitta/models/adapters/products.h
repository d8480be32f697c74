// The matrix products of which adapters are made, on the host in f32. They run once per weight when
// an adapter is applied, never while sampling. Whoever calls them has checked that the sizes fit.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta::models {

// The array as (first axis, all others).
[[nodiscard]] Array as_matrix(const Array& x);

// (m, k) * (k, n) -> (m, n).
[[nodiscard]] Array product(const Array& a, const Array& b);

[[nodiscard]] Array transposed(const Array& x);  // (m, n) -> (n, m)

// The Kronecker product of (a, b) and (c, d): (a*c, b*d), blocks of y scaled by the values of x.
[[nodiscard]] Array kronecker(const Array& x, const Array& y);

// The Tucker form of a kernel: out(p, r, y, x) = sum over i, j of left(p, i) core(i, j, y, x)
// right(j, r). left: (P, I); core: (I, J, H, W); right: (J, R). Returns (P, R*H*W).
[[nodiscard]] Array tucker(const Array& left, const Array& core, const Array& right);

}  // namespace sagitta::models
