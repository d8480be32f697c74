// The rows of the CUDA backend's kernel table. Each issues its work on the device's stream and
// returns before it is done; only transfers, `load_weight` and `finish` wait.
//
// Products of matrices are cuBLASLt's; convolutions and attention in bf16, norms and what works
// element by element are our own device code (.cu), behind plain functions that take addresses and
// sizes (.h). Checks and errors stay in the .cc files.
#pragma once

#include "sagitta/core/kernels.h"

namespace sagitta::cuda {

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
void finish(Device& device);

}  // namespace sagitta::cuda
