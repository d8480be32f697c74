#include "sagitta/insight/attention_rows.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

// Adds softmax(q k^T / sqrt(D)) / heads of one query for every head; weights has one value per key.
void add_heads(const float* q, const Array& k, int heads, std::vector<float>& logits,
               std::vector<float>& weights) {
  const std::int64_t keys = k.dim(1);
  const std::int64_t channels = k.dim(2);
  const std::int64_t dim = channels / heads;
  const float scale = 1 / std::sqrt(static_cast<float>(dim));
  for (std::int64_t head = 0; head < heads; ++head) {
    float most = -INFINITY;
    for (std::int64_t key = 0; key < keys; ++key) {
      const float* const a = q + head * dim;
      const float* const b = k.data() + key * channels + head * dim;
      float dot = 0;
      for (std::int64_t i = 0; i < dim; ++i) dot += a[i] * b[i];
      logits[static_cast<std::size_t>(key)] = dot * scale;
      most = std::max(most, dot * scale);
    }
    float total = 0;
    for (float& logit : logits) {
      logit = std::exp(logit - most);
      total += logit;
    }
    const float share = 1 / (total * static_cast<float>(heads));
    for (std::size_t key = 0; key < weights.size(); ++key) weights[key] += logits[key] * share;
  }
}

}  // namespace

Array attention_of_query(const AttnCall& call, std::int64_t row, std::int64_t query) {
  const std::int64_t queries = call.q.dim(1);
  const std::int64_t channels = call.q.dim(2);
  const Tensor flat = call.q.reshaped({call.q.dim(0) * queries, 1, channels});
  const Array q = download(flat.slice(row * queries + query, 1));
  const Array k = download(call.k.slice(row, 1));
  std::vector<float> weights(static_cast<std::size_t>(k.dim(1)));
  std::vector<float> logits(weights.size());
  add_heads(q.data(), k, call.heads, logits, weights);
  return {{k.dim(1)}, std::move(weights)};
}

Array grouped_attention(const AttnCall& call, std::int64_t row,
                        const std::vector<std::size_t>& group_of, std::size_t groups) {
  const Array q = download(call.q.slice(row, 1));
  const Array k = download(call.k.slice(row, 1));
  const auto queries = static_cast<std::size_t>(q.dim(1));
  Array out({static_cast<std::int64_t>(groups), q.dim(1)});
  std::vector<float> weights(group_of.size());
  std::vector<float> logits(weights.size());
  for (std::size_t query = 0; query < queries; ++query) {
    std::fill(weights.begin(), weights.end(), 0.0F);
    add_heads(q.data() + query * static_cast<std::size_t>(q.dim(2)), k, call.heads, logits,
              weights);
    for (std::size_t key = 0; key < weights.size(); ++key) {
      out[group_of[key] * queries + query] += weights[key];
    }
  }
  return out;
}

}  // namespace sagitta
