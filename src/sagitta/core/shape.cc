#include "sagitta/core/shape.h"

#include "sagitta/base/error.h"

#include <fmt/ranges.h>

namespace sagitta {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    require(size >= 0, Fault::bad_input, "shape {} has a negative size", to_string(shape));
    require(!__builtin_mul_overflow(count, size, &count), Fault::bad_input,
            "shape {} has too many elements", to_string(shape));
  }
  return count;
}

std::string to_string(const Shape& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

}  // namespace sagitta
