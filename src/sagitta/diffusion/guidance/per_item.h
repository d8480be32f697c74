// Sums over each item of a batch, which guidance methods are made of. Accumulated in double.
#pragma once

#include "sagitta/core/array.h"

#include <span>
#include <vector>

namespace sagitta {

// One value per item of arrays (B, ...).
using PerItem = std::vector<double>;

// The scalar product of a and b, which have the same shape.
[[nodiscard]] PerItem dot(const Array& a, const Array& b);
// The Euclidean norm.
[[nodiscard]] PerItem norm(const Array& x);
// The standard deviation with Bessel's correction (n - 1).
[[nodiscard]] PerItem deviation(const Array& x);

// Each item multiplied by its factor.
[[nodiscard]] Array scale_items(Array x, std::span<const double> factors);

// The norm over the channels of x (B, C, ...), one value per position: (B, ...).
[[nodiscard]] Array channel_norm(const Array& x);
// x (B, C, ...) times one factor (B, ...) per position.
[[nodiscard]] Array scale_positions(Array x, const Array& factors);

}  // namespace sagitta
