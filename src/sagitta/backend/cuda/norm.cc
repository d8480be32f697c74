#include "sagitta/backend/cuda/norm.h"

#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/backend/cuda/weights.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

namespace sagitta::cuda {

void group_norm(const GroupNormArgs& args, Tensor& out) {
  constexpr std::int64_t kMost = 12288;  // sums fit into 48 KiB
  const Tensor& x = args.x;
  require(x.dim(3) + args.groups <= kMost, Fault::unsupported,
          "group_norm: {} channels in {} groups, but the CUDA backend takes {} of both together",
          x.dim(3), args.groups, kMost);
  const GroupNorm norm{.x = x.data<std::byte>(),
                       .gamma = vector_of(&args.gamma),
                       .beta = vector_of(&args.beta),
                       .samples = x.dim(0),
                       .positions = x.dim(1) * x.dim(2),
                       .channels = static_cast<int>(x.dim(3)),
                       .groups = args.groups,
                       .eps = args.eps,
                       .silu = args.silu};
  Tensor floats(out.device(), {group_norm_floats(norm)}, DType::f32);
  check(normalise_groups(out.dtype(), norm, floats.data<float>(), out.data<std::byte>(),
                         out.device().context<Context>().stream),
        "group_norm");
}

void layer_norm(const LayerNormArgs& args, Tensor& out) {
  const std::int64_t channels = args.x.shape().back();
  check(normalise_rows(out.dtype(), args.x.data<std::byte>(), vector_of(&args.gamma),
                       vector_of(&args.beta), args.eps, args.x.size() / channels, channels,
                       out.data<std::byte>(), out.device().context<Context>().stream),
        "layer_norm");
}

}  // namespace sagitta::cuda
