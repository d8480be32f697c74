#include "sagitta/image/limits.h"

#include "sagitta/base/error.h"

namespace sagitta {

void require_size(const Shape& shape, std::string_view what) {
  std::int64_t left = kMostValues;  // how many values the axes to come may still multiply to
  for (const std::int64_t size : shape) {
    require(size > 0, Fault::bad_input, "{} of {}: a side has no size", what, to_string(shape));
    left /= size;
    require(left > 0, Fault::bad_input, "{} of {} would hold more than {} values", what,
            to_string(shape), kMostValues);
  }
}

}  // namespace sagitta
