// Shape: the sizes of a dense row-major array, slowest axis first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sagitta {

using Shape = std::vector<std::int64_t>;

// Number of elements; 1 for a scalar (empty shape). Sizes must not be negative.
[[nodiscard]] std::int64_t element_count(const Shape& shape);

// "2x64x64x320", or "scalar".
[[nodiscard]] std::string to_string(const Shape& shape);

}  // namespace sagitta
