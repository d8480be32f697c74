#include "sagitta/backend/cpu/feed_forward.h"

#include "sagitta/backend/cpu/linear.h"
#include "sagitta/backend/cpu/simd.h"

#include <omp.h>

#include <algorithm>

namespace sagitta::cpu {
namespace {

// Rows that go through both products at once, so that the values between these, often four times as
// many as the layer's own, stay in the outer caches: enough that reading the weights again costs
// little, and that there is work for all threads.
constexpr std::int64_t kLeastRows = 2048;
constexpr std::int64_t kRowsPerThread = 128;

}  // namespace

void feed_forward(const FeedForwardArgs& args, Tensor& out) {
  const std::int64_t inner = args.gated.shape[0] / 2;
  const std::int64_t in = args.x.shape().back();
  const std::int64_t columns = out.shape().back();
  const std::int64_t rows = args.x.size() / in;
  const std::int64_t block = std::max(kLeastRows, kRowsPerThread * omp_get_max_threads());
  const std::int64_t blocks = divide_up(rows, block);
  const Tensor x = args.x.reshaped({rows, in});
  const Tensor residual =
      args.residual == nullptr ? Tensor() : args.residual->reshaped({rows, columns});
  const Tensor results = out.reshaped({rows, columns});
  Tensor values(out.device(), {divide_up(rows, blocks), inner});
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t first = rows * i / blocks;
    const std::int64_t count = rows * (i + 1) / blocks - first;
    Tensor part_values = values.slice(0, count);
    Tensor part = results.slice(first, count);
    linear_geglu({.x = x.slice(first, count), .weight = args.gated, .bias = args.gated_bias},
                 part_values);
    const Tensor added = residual ? residual.slice(first, count) : Tensor();
    linear({.x = part_values,
            .weight = args.weight,
            .bias = args.bias,
            .residual = residual ? &added : nullptr},
           part);
  }
}

}  // namespace sagitta::cpu
