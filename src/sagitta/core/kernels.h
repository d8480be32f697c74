// The complete list of what a backend must be able to do: one function pointer per op.
// A backend fills it with designated initialisers in its open.cc, so a forgotten kernel does not
// compile. Kernels get checked arguments and allocated outputs; they never allocate results. A
// kernel may return before its work is done, if later ones see it done and host memory is not
// needed any more: download waits.
//
// Activations are dense NHWC tensors in the device's compute type; (B,H,W,C) is also (B,H*W,C).
// Sums, means and softmax run in f32 whatever the compute type.
#pragma once

#include "sagitta/core/dtype.h"

namespace sagitta {

class Device;
class Tensor;
struct StoredTensor;
struct Weight;

enum class Activation {
  none,
  silu,        // x * sigmoid(x)
  gelu,        // x * Phi(x), the exact form with erf
  quick_gelu,  // x * sigmoid(1.702 x), as CLIP-L was trained
  relu,        // max(x, 0)
  tanh,
};

// 2-D convolution: out(b,y,x,o) = sum over taps of weight * input + bias + row_bias + residual.
struct Conv2dArgs {
  const Tensor& x;                   // (B, H, W, C)
  const Weight& weight;              // conv: (O, C, KH, KW)
  const Weight* bias = nullptr;      // (O)
  const Tensor* row_bias = nullptr;  // (B, O): one value per sample and channel (time embedding)
  const Tensor* residual = nullptr;  // like out
  int stride = 1;
  int pad_before = 0;  // zeros above and to the left
  int pad_after = 0;   // zeros below and to the right
};

// Enlarges x by nearest neighbour (source row = floor(row * H / H'), columns alike), then convolves
// 3x3 with one row and column of zeros on each side.
struct UpsampleConv2dArgs {
  const Tensor& x;               // (B, H, W, C)
  const Weight& weight;          // upsample_conv: (O, C, 3, 3)
  const Weight* bias = nullptr;  // (O)
};

// out = activation(x weight^T + bias) + residual.
struct LinearArgs {
  const Tensor& x;                   // (..., K)
  const Weight& weight;              // linear: (N, K); geglu: (2N, K)
  const Weight* bias = nullptr;      // (N) or (2N)
  const Tensor* residual = nullptr;  // (..., N)
  Activation activation = Activation::none;
};

// A transformer's feed-forward layer: out = (value * gelu(gate)) weight^T + bias + residual, where
// value and gate are the halves of x gated^T + gated_bias.
struct FeedForwardArgs {
  const Tensor& x;                     // (..., K)
  const Weight& gated;                 // geglu: (2M, K)
  const Weight& weight;                // linear: (N, M)
  const Weight* gated_bias = nullptr;  // (2M)
  const Weight* bias = nullptr;        // (N)
  const Tensor* residual = nullptr;    // (..., N)
};

// Statistics over each sample's positions and the channels of a group; then gamma, beta, and SiLU
// where asked for.
struct GroupNormArgs {
  const Tensor& x;      // (B, H, W, C)
  const Weight& gamma;  // (C)
  const Weight& beta;   // (C)
  int groups = 32;
  float eps = 1e-5F;
  bool silu = false;
};

struct LayerNormArgs {
  const Tensor& x;      // (..., C), normalised over C
  const Weight& gamma;  // (C)
  const Weight& beta;   // (C)
  float eps = 1e-5F;
};

// Multi-head attention, softmax(q k^T * scale) v per head; head h owns channels [h*D, (h+1)*D).
struct AttentionArgs {
  const Tensor& q;  // (B, Tq, heads*D)
  const Tensor& k;  // (B, Tk, heads*D)
  const Tensor& v;  // (B, Tk, heads*D)
  int heads = 1;
  float scale = 1;             // usually 1/sqrt(D)
  bool causal = false;         // key j is seen by query i only if j <= i
  Tensor* received = nullptr;  // f32 (B, Tk), optional: the attention each key receives,
                               // summed over queries and averaged over heads
};

struct Kernels {
  // f32 host values to a tensor of any float dtype, and back.
  void (*upload)(const float* host, Tensor& out);
  void (*download)(const Tensor& x, float* host);
  // Fills weight.packed and weight.bytes from values (any stored dtype) for weight.use.
  void (*load_weight)(Device& device, const StoredTensor& values, Weight& weight);

  void (*conv2d)(const Conv2dArgs& args, Tensor& out);                   // (B, H', W', O)
  void (*upsample_conv2d)(const UpsampleConv2dArgs& args, Tensor& out);  // (B, H', W', O)
  void (*linear)(const LinearArgs& args, Tensor& out);                   // (..., N)
  // GEGLU (Shazeer 2020): out = value * gelu(gate), value and gate being the halves of the product.
  // It has neither residual nor activation.
  void (*linear_geglu)(const LinearArgs& args, Tensor& out);       // (..., N) from a geglu weight
  void (*feed_forward)(const FeedForwardArgs& args, Tensor& out);  // (..., N)
  void (*group_norm)(const GroupNormArgs& args, Tensor& out);
  void (*layer_norm)(const LayerNormArgs& args, Tensor& out);
  void (*attention)(const AttentionArgs& args, Tensor& out);               // (B, Tq, heads*D)
  void (*concat_channels)(const Tensor& a, const Tensor& b, Tensor& out);  // (..., Ca + Cb)
  void (*axpby)(float a, const Tensor& x, float b, const Tensor& y, Tensor& out);  // a*x + b*y
  void (*activate)(Activation activation, const Tensor& x, Tensor& out);
  // Returns when everything that was issued so far is done; kernels may return before. It does not
  // throw: what failed on the way is for the next kernel to report.
  void (*finish)(Device& device);
};

}  // namespace sagitta
