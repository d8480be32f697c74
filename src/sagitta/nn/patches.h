// Patches: the hooks that a guidance method may hang on a network, as one immutable value. Adding a
// hook returns a new value; the model's weights are shared, never copied.
#pragma once

#include "sagitta/core/tensor.h"
#include "sagitta/nn/pass.h"

#include <functional>
#include <vector>

namespace sagitta {

enum class Stage { input, middle, output };

// An attention layer: the UNet stage, the block in it, and the transformer inside that block.
struct AttnSite {
  Stage stage = Stage::middle;
  int block = 0;
  int depth = kAnyDepth;
  static constexpr int kAnyDepth = -1;  // in a hook: every transformer of the block

  bool operator==(const AttnSite&) const = default;
};

// The token grid of a layer: rows * cols tokens, row-major.
struct Grid {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

// Self-attention after the q, k, v projections and before the output projection.
struct AttnCall {
  const Tensor& q;  // (B, rows*cols, heads*D)
  const Tensor& k;
  const Tensor& v;
  int heads;
  AttnSite at;
  Grid grid;
  const UnetPass& pass;
};
// Returns what takes the place of softmax(q k^T / sqrt(D)) v.
using AttnFn = std::function<Tensor(const AttnCall&)>;

// How much attention each token receives: summed over queries, averaged over heads, so that a
// sample's values have mean 1. Values are (B, rows*cols), one row per row of the pass.
struct ReceivedAttention {
  const Array& values;
  AttnSite at;
  Grid grid;
  const UnetPass& pass;
};
using ReceivedFn = std::function<void(const ReceivedAttention&)>;

class Patches {
 public:
  // Replaces self-attention at site; of two equal sites the last one added wins.
  [[nodiscard]] Patches replace_self_attn(AttnSite site, AttnFn fn) const;

  // Lets fn see the received attention at site in every pass that has a row of this role. Observers
  // do not exclude each other, nor a replacement at the same site.
  [[nodiscard]] Patches observe_received(AttnSite site, Role role, ReceivedFn fn) const;

  // The replacement for a layer, or nullptr for the plain path. One for this very transformer goes
  // before one for all transformers of the block.
  [[nodiscard]] const AttnFn* self_attn(const AttnSite& at) const;

  // Those who want to see the received attention of this layer in this pass.
  [[nodiscard]] std::vector<const ReceivedFn*> received(const AttnSite& at,
                                                        const UnetPass& pass) const;

 private:
  struct Replacement {
    AttnSite site;
    AttnFn fn;
  };
  struct Observer {
    AttnSite site;
    Role role;
    ReceivedFn fn;
  };

  std::vector<Replacement> self_attn_;
  std::vector<Observer> observers_;
};

}  // namespace sagitta
