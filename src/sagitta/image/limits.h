// How large pictures may become: asked before anything is allocated for them.
#pragma once

#include "sagitta/core/shape.h"

#include <string_view>

namespace sagitta {

// Values of one batch of pictures or masks: 4 GiB of floats.
inline constexpr std::int64_t kMostValues = std::int64_t{1} << 30U;

// Throws bad_input, naming `what`, where a side is below 1 or the product exceeds kMostValues.
void require_size(const Shape& shape, std::string_view what);

}  // namespace sagitta
