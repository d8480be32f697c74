// The kernels of the reference backend: plain f32 loops with double sums, written to be read. They
// define what the rows of core/kernels.h mean, and the tests hold every other backend against them.
//
// Weights are Arrays: a vector is (N); a linear or geglu weight is transposed to (in, out), and a
// conv weight to (kernel_h, kernel_w, in, out), so that the innermost loop runs over neighbours.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/tensor.h"
#include "sagitta/core/weight.h"

namespace sagitta::reference {

void upload(const float* host, Tensor& out);
void download(const Tensor& x, float* host);
void load_weight(Device& device, const StoredTensor& values, Weight& weight);

void conv2d(const Conv2dArgs& args, Tensor& out);
void upsample_conv2d(const UpsampleConv2dArgs& args, Tensor& out);
void linear(const LinearArgs& args, Tensor& out);
void linear_geglu(const LinearArgs& args, Tensor& out);
void feed_forward(const FeedForwardArgs& args, Tensor& out);
void group_norm(const GroupNormArgs& args, Tensor& out);
void layer_norm(const LayerNormArgs& args, Tensor& out);
void attention(const AttentionArgs& args, Tensor& out);
void concat_channels(const Tensor& a, const Tensor& b, Tensor& out);
void axpby(float a, const Tensor& x, float b, const Tensor& y, Tensor& out);
void activate(Activation activation, const Tensor& x, Tensor& out);

// The packed form of a weight of this backend.
[[nodiscard]] inline const Array& values_of(const Weight& weight) {
  return *static_cast<const Array*>(weight.packed.get());
}

// The activation of one number, in double.
[[nodiscard]] double activated(Activation activation, double x);

}  // namespace sagitta::reference
