#include "sagitta/ops/check.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"

namespace sagitta::ops {
namespace {

std::string_view name_of(WeightUse use) {
  switch (use) {
    case WeightUse::vector:
      return "vector";
    case WeightUse::linear:
      return "linear";
    case WeightUse::geglu:
      return "geglu";
    case WeightUse::conv:
      return "conv";
    case WeightUse::upsample_conv:
      return "upsample_conv";
  }
  return "unknown";
}

}  // namespace

void check_activation(std::string_view op, std::string_view what, const Tensor& x) {
  require(static_cast<bool>(x), Fault::bad_input, "{}: {} is an empty tensor", op, what);
  require(x.rank() > 0 && x.size() > 0, Fault::bad_input, "{}: {} of shape {} has no elements", op,
          what, to_string(x.shape()));
  require(x.dtype() == x.device().compute(), Fault::bad_input,
          "{}: {} is {}, but device '{}' computes in {}", op, what, sagitta::name_of(x.dtype()),
          x.device().name(), sagitta::name_of(x.device().compute()));
}

void check_activation(std::string_view op, std::string_view what, const Tensor& x,
                      std::size_t rank) {
  check_activation(op, what, x);
  require(x.rank() == rank, Fault::bad_input, "{}: {} of shape {} has rank {}, expected {}", op,
          what, to_string(x.shape()), x.rank(), rank);
}

void check_like(std::string_view op, std::string_view what, const Tensor& tensor, const Tensor& x,
                const Shape& shape) {
  check_activation(op, what, tensor);
  require(&tensor.device() == &x.device(), Fault::bad_input,
          "{}: {} is on device '{}', but x is on another, '{}'", op, what, tensor.device().name(),
          x.device().name());
  require(tensor.shape() == shape, Fault::bad_input, "{}: {} has shape {}, expected {}", op, what,
          to_string(tensor.shape()), to_string(shape));
}

void check_weight(std::string_view op, std::string_view what, const Weight& weight, const Tensor& x,
                  WeightUse use) {
  require(static_cast<bool>(weight), Fault::bad_input, "{}: {} is not loaded", op, what);
  require(weight.device == &x.device(), Fault::bad_input,
          "{}: {} is on device '{}', but x is on another, '{}'", op, what, weight.device->name(),
          x.device().name());
  require(weight.use == use, Fault::bad_input,
          "{}: {} of shape {} was loaded as a {} weight, expected {}", op, what,
          to_string(weight.shape), name_of(weight.use), name_of(use));
}

void check_vector(std::string_view op, std::string_view what, const Weight& weight, const Tensor& x,
                  std::int64_t size) {
  check_weight(op, what, weight, x, WeightUse::vector);
  require(weight.shape == Shape{size}, Fault::bad_input, "{}: {} has shape {}, expected {}", op,
          what, to_string(weight.shape), size);
}

}  // namespace sagitta::ops
