// Patches: the hooks that a guidance method may hang on a network, as one immutable value. Adding a
// hook returns a new value; the model's weights are shared, never copied.
#pragma once

#include "sagitta/core/tensor.h"
#include "sagitta/nn/pass.h"

#include <functional>
#include <optional>
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

enum class AttnKind {
  self,   // tokens attend to each other (attn1)
  cross,  // tokens attend to the text (attn2)
};

// The layers that a hook is for; no site: all of that kind.
struct AttnPlace {
  AttnKind kind = AttnKind::self;
  std::optional<AttnSite> site = {};
};

// A grid of rows * cols cells, row-major.
struct Grid {
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  bool operator==(const Grid&) const = default;
};

// Where in the network an attention layer is evaluated.
struct AttnLayer {
  AttnKind kind;
  AttnSite at;
  Grid grid;   // of the layer's tokens
  Grid input;  // of the network's input: the cells of the latent or of an area of it
  const UnetPass& pass;
};

// Attention after the q, k, v projections and before the output projection. A hook may cut the grid
// into tiles; inside it there are more rows than the pass has, and layer.grid is that of a tile.
struct AttnCall {
  Tensor q;  // (B, Tq, heads*D)
  Tensor k;  // (B, Tk, heads*D)
  Tensor v;
  int heads;
  const AttnLayer& layer;
};
using AttendFn = std::function<Tensor(const AttnCall&)>;
// Stands around softmax(q k^T / sqrt(D)) v, which is `inner` (or the next hook inside). It may
// change what goes in and comes out, or leave it out. Returns (B, Tq, heads*D).
using AttnFn = std::function<Tensor(const AttnCall& call, const AttendFn& inner)>;

// Changes what an attention layer adds to its input: (B, T, width), after the output projection.
using AttnOutputFn = std::function<Tensor(const Tensor& out, const AttnLayer& layer)>;

// How much attention each token receives: summed over queries, averaged over heads, so that a
// sample's values have mean 1. Values are (B, rows*cols), one row per row of the pass.
struct ReceivedAttention {
  const Array& values;
  AttnSite at;
  Grid grid;
  const UnetPass& pass;
};
using ReceivedFn = std::function<void(const ReceivedAttention&)>;

// A block of the UNet's way down or up.
struct UnetBlock {
  int index;
  std::int64_t model_channels;  // channels of the UNet's first block
  const UnetPass& pass;
};
// Changes what an input block hands on: h (B, H, W, C); any height and width may come back.
using InputBlockFn = std::function<Tensor(const Tensor& h, const UnetBlock& block)>;
// What an output block is about to join along its channels. They must agree in height and width.
struct BlockJoin {
  Tensor h;     // (B, H, W, C)
  Tensor skip;  // (B, H, W, C')
};
using OutputBlockFn = std::function<BlockJoin(BlockJoin join, const UnetBlock& block)>;

class Patches {
 public:
  // Puts fn around attention at the place. Of several at one layer the last one added is outermost.
  [[nodiscard]] Patches around_attn(AttnPlace place, AttnFn fn) const;

  // Lets fn change the output of attention layers, after those that are there already.
  [[nodiscard]] Patches change_attn_output(AttnPlace place, AttnOutputFn fn) const;

  // Lets fn see the received self-attention at site in every pass that has a row of this role.
  // Observers see what the weights alone would attend to: neither other observers nor hooks around
  // the layer get into their way.
  [[nodiscard]] Patches observe_received(AttnSite site, Role role, ReceivedFn fn) const;

  // Changes the result of input blocks before it is kept as the skip connection, or after that,
  // when only the next block sees the change. In the order in which they were added.
  [[nodiscard]] Patches change_input_block(InputBlockFn fn) const;
  [[nodiscard]] Patches change_input_block_after_skip(InputBlockFn fn) const;

  // Changes what output blocks join, in the order in which they were added.
  [[nodiscard]] Patches change_output_block(OutputBlockFn fn) const;

  // What the network asks at its layers.

  // Runs attention through the hooks of this layer, `plain` being the innermost.
  [[nodiscard]] Tensor attend(const AttnCall& call, const AttendFn& plain) const;
  [[nodiscard]] bool changes_attn_output(const AttnLayer& layer) const;
  [[nodiscard]] Tensor attn_output(Tensor out, const AttnLayer& layer) const;
  // Those who want to see the received attention of this layer in this pass.
  [[nodiscard]] std::vector<const ReceivedFn*> received(const AttnSite& at,
                                                        const UnetPass& pass) const;
  [[nodiscard]] Tensor input_block(Tensor h, const UnetBlock& block) const;
  [[nodiscard]] Tensor input_block_after_skip(Tensor h, const UnetBlock& block) const;
  [[nodiscard]] BlockJoin output_block(BlockJoin join, const UnetBlock& block) const;

 private:
  template <class Fn>
  struct Placed {
    AttnPlace place;
    Fn fn;
  };
  struct Observer {
    AttnSite site;
    Role role;
    ReceivedFn fn;
  };

  std::vector<Placed<AttnFn>> around_;
  std::vector<Placed<AttnOutputFn>> outputs_;
  std::vector<Observer> observers_;
  std::vector<InputBlockFn> input_blocks_;
  std::vector<InputBlockFn> input_blocks_after_skip_;
  std::vector<OutputBlockFn> output_blocks_;
};

}  // namespace sagitta
