// The checks that all ops share. Each throws Error{bad_input} that begins with the op's name;
// `what` names the argument ("x", "residual"...).
#pragma once

#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

#include <string_view>

namespace sagitta::ops {

// A non-empty activation of the given rank in its device's compute type.
void check_activation(std::string_view op, std::string_view what, const Tensor& x,
                      std::size_t rank);
// As above, of any rank from 1 up.
void check_activation(std::string_view op, std::string_view what, const Tensor& x);

// A further activation: the device of x, and exactly this shape.
void check_like(std::string_view op, std::string_view what, const Tensor& tensor, const Tensor& x,
                const Shape& shape);

// A loaded weight on the device of x, packed for this use.
void check_weight(std::string_view op, std::string_view what, const Weight& weight, const Tensor& x,
                  WeightUse use);

// A vector weight of `size` values on the device of x.
void check_vector(std::string_view op, std::string_view what, const Weight& weight, const Tensor& x,
                  std::int64_t size);

}  // namespace sagitta::ops
