// CellMap: values on the token grids of network calls, gathered per cell of one latent.
#pragma once

#include "sagitta/nn/patches.h"

namespace sagitta {

// The mean over calls, layers, areas and conditioning entries, weighted as their predictions are.
class CellMap {
 public:
  // values (N, rows*cols): N maps of one row of the pass. N is the same in every call.
  void add(const Array& values, Grid grid, const Row& row, const UnetPass& pass);
  [[nodiscard]] bool empty() const { return weight_.empty(); }
  // (N, H, W); 0 in cells that nothing covered.
  [[nodiscard]] Array mean() const;

 private:
  Array sum_;     // (N, H, W)
  Array weight_;  // (H, W)
};

}  // namespace sagitta
