// Cutting, joining and turning of host arrays along one of their axes.
#pragma once

#include "sagitta/core/array.h"

namespace sagitta {

// The places [begin, begin + count) of an axis. Throws bad_input if they are not all there.
[[nodiscard]] Array narrow(const Array& x, std::size_t axis, std::int64_t begin,
                           std::int64_t count);

// a and then b along an axis; the other sizes must agree (bad_input otherwise).
[[nodiscard]] Array join(const Array& a, const Array& b, std::size_t axis);

// The axis in reverse order.
[[nodiscard]] Array mirrored(const Array& x, std::size_t axis);

// The planes of the last two axes, turned clockwise by a number of right angles.
[[nodiscard]] Array turned(const Array& x, int right_angles);

}  // namespace sagitta
