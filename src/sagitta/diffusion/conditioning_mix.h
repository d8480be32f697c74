// Arithmetic on text conditionings: what the average, concat and zero-out nodes do. Only the first
// entry of `from` counts, as upstream has it; an empty `from` throws bad_input.
#pragma once

#include "sagitta/diffusion/conditioning.h"

namespace sagitta {

// Every context of `to` times weight plus that of `from` times 1 - weight, and the pooled texts
// alike. A shorter `from` counts as zero behind its end, a longer one is cut. An entry without a
// pooled text takes the one of `from`.
[[nodiscard]] Conditioning average(Conditioning to, const Conditioning& from, double weight);

// Every context of `to` with the tokens of `from` behind its own. Pooled texts stay.
[[nodiscard]] Conditioning concatenate(Conditioning to, const Conditioning& from);

// Contexts and pooled texts times a factor.
[[nodiscard]] Conditioning multiply(Conditioning conditioning, float factor);

// Contexts and pooled texts of the same shape, all zero.
[[nodiscard]] Conditioning zero_out(Conditioning conditioning);

}  // namespace sagitta
