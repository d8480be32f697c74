#include "sagitta/backend/cuda/elementwise.h"

#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cuda {

void concat_channels(const Tensor& a, const Tensor& b, Tensor& out) {
  const std::int64_t rows = a.size() / a.shape().back();
  check(
      concat(out.dtype(), a.data<std::byte>(), a.shape().back(), b.data<std::byte>(),
             b.shape().back(), out.data<std::byte>(), rows, out.device().context<Context>().stream),
      "concat_channels");
}

void axpby(float a, const Tensor& x, float b, const Tensor& y, Tensor& out) {
  check(add_scaled(out.dtype(), a, x.data<std::byte>(), b, y.data<std::byte>(),
                   out.data<std::byte>(), out.size(), out.device().context<Context>().stream),
        "axpby");
}

void activate(Activation activation, const Tensor& x, Tensor& out) {
  check(apply(out.dtype(), activation, x.data<std::byte>(), out.data<std::byte>(), out.size(),
              out.device().context<Context>().stream),
        "activate");
}

}  // namespace sagitta::cuda
