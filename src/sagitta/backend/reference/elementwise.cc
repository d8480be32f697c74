#include "sagitta/backend/reference/kernels.h"

#include <cmath>
#include <numbers>

namespace sagitta::reference {

double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::gelu:
      return x * 0.5 * std::erfc(-x / std::numbers::sqrt2);
    case Activation::quick_gelu:
      return x / (1 + std::exp(-1.702 * x));
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::tanh:
      return std::tanh(x);
  }
  return x;
}

void axpby(float a, const Tensor& x, float b, const Tensor& y, Tensor& out) {
  for (std::int64_t i = 0; i < out.size(); ++i) {
    out.data<float>()[i] = a * x.data<float>()[i] + b * y.data<float>()[i];
  }
}

void activate(Activation activation, const Tensor& x, Tensor& out) {
  for (std::int64_t i = 0; i < out.size(); ++i) {
    out.data<float>()[i] = static_cast<float>(activated(activation, x.data<float>()[i]));
  }
}

}  // namespace sagitta::reference
