#include "sagitta/backend/reference/kernels.h"

#include <vector>

namespace sagitta::reference {
namespace {

// sum = row weight^T + bias.
void multiply(const float* row, const LinearArgs& args, std::vector<double>& sum) {
  const Array& weight = values_of(args.weight);  // (K, N)
  const auto outs = static_cast<std::int64_t>(sum.size());
  for (std::int64_t o = 0; o < outs; ++o) {
    sum[static_cast<std::size_t>(o)] = args.bias != nullptr ? values_of(*args.bias).data()[o] : 0;
  }
  for (std::int64_t k = 0; k < weight.dim(0); ++k) {
    const double value = row[k];
    const float* weights = weight.data() + k * outs;
    for (double& one : sum) one += value * *weights++;
  }
}

}  // namespace

void linear(const LinearArgs& args, Tensor& out) {
  const std::int64_t ins = args.x.shape().back();
  const std::int64_t outs = out.shape().back();
  std::vector<double> sum(static_cast<std::size_t>(outs));
  for (std::int64_t r = 0; r < out.size() / outs; ++r) {
    multiply(args.x.data<float>() + r * ins, args, sum);
    for (std::int64_t o = 0; o < outs; ++o) {
      double value = activated(args.activation, sum[static_cast<std::size_t>(o)]);
      if (args.residual != nullptr) value += args.residual->data<float>()[r * outs + o];
      out.data<float>()[r * outs + o] = static_cast<float>(value);
    }
  }
}

void linear_geglu(const LinearArgs& args, Tensor& out) {
  const std::int64_t ins = args.x.shape().back();
  const std::int64_t outs = out.shape().back();
  std::vector<double> sum(static_cast<std::size_t>(2 * outs));
  for (std::int64_t r = 0; r < out.size() / outs; ++r) {
    multiply(args.x.data<float>() + r * ins, args, sum);
    for (std::int64_t o = 0; o < outs; ++o) {
      const double value = sum[static_cast<std::size_t>(o)];
      const double gate = sum[static_cast<std::size_t>(outs + o)];
      out.data<float>()[r * outs + o] =
          static_cast<float>(value * activated(Activation::gelu, gate));
    }
  }
}

void feed_forward(const FeedForwardArgs& args, Tensor& out) {
  Shape shape = args.x.shape();
  shape.back() = args.gated.shape[0] / 2;
  Tensor inner(args.x.device(), shape);
  linear_geglu({.x = args.x, .weight = args.gated, .bias = args.gated_bias}, inner);
  linear({.x = inner, .weight = args.weight, .bias = args.bias, .residual = args.residual}, out);
}

}  // namespace sagitta::reference
