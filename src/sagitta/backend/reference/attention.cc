#include "sagitta/backend/reference/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sagitta::reference {
namespace {

// weights[j] = softmax over the visible keys j of scale * q . k_j. The keys are `stride` apart.
void softmax_row(const float* q, const float* keys, std::int64_t stride, std::int64_t dim,
                 std::int64_t visible, double scale, std::vector<double>& weights) {
  std::fill(weights.begin(), weights.end(), 0.0);
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < visible; ++j) {
    double dot = 0;
    for (std::int64_t d = 0; d < dim; ++d) {
      dot += static_cast<double>(q[d]) * keys[j * stride + d];
    }
    weights[static_cast<std::size_t>(j)] = dot * scale;
    largest = std::max(largest, dot * scale);
  }
  double sum = 0;
  for (std::int64_t j = 0; j < visible; ++j) {
    double& weight = weights[static_cast<std::size_t>(j)];
    weight = std::exp(weight - largest);
    sum += weight;
  }
  for (double& weight : weights) weight /= sum;
}

}  // namespace

void attention(const AttentionArgs& args, Tensor& out) {
  const std::int64_t queries = args.q.dim(1);
  const std::int64_t keys = args.k.dim(1);
  const std::int64_t stride = args.q.dim(2);
  const std::int64_t dim = stride / args.heads;
  std::vector<double> weights(static_cast<std::size_t>(keys));
  std::vector<double> received(static_cast<std::size_t>(keys));
  std::vector<double> sum(static_cast<std::size_t>(dim));
  for (std::int64_t b = 0; b < args.q.dim(0); ++b) {
    std::fill(received.begin(), received.end(), 0.0);
    for (std::int64_t h = 0; h < args.heads; ++h) {
      for (std::int64_t i = 0; i < queries; ++i) {
        const std::int64_t visible = args.causal ? std::min(i + 1, keys) : keys;
        const std::int64_t row = (b * queries + i) * stride + h * dim;
        const std::int64_t first_key = b * keys * stride + h * dim;
        softmax_row(args.q.data<float>() + row, args.k.data<float>() + first_key, stride, dim,
                    visible, args.scale, weights);
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::int64_t j = 0; j < visible; ++j) {
          const double weight = weights[static_cast<std::size_t>(j)];
          received[static_cast<std::size_t>(j)] += weight;
          const float* v = args.v.data<float>() + first_key + j * stride;
          for (std::int64_t d = 0; d < dim; ++d) sum[static_cast<std::size_t>(d)] += weight * v[d];
        }
        for (std::int64_t d = 0; d < dim; ++d) {
          out.data<float>()[row + d] = static_cast<float>(sum[static_cast<std::size_t>(d)]);
        }
      }
    }
    if (args.received == nullptr) continue;
    for (std::int64_t j = 0; j < keys; ++j) {
      args.received->data<float>()[b * keys + j] =
          static_cast<float>(received[static_cast<std::size_t>(j)] / args.heads);
    }
  }
}

}  // namespace sagitta::reference
