// The weights of a 3x3 convolution behind an enlargement by nearest neighbour.
//
// Where both sides double, each cell (y, x) of the small picture becomes a block of 2x2 equal
// cells, and a 3x3 window on the large picture covers only four different cells. Result (2y + i, 2x
// + j) is therefore a 2x2 convolution of the small picture whose taps are sums of the 3x3 taps:
// along one axis [w0, w1 + w2] over cells y - 1 and y for i = 0, and [w0 + w1, w2] over y and y + 1
// for i = 1. Four such kernels do the work in 4/9 of the multiplications.
#pragma once

#include "sagitta/backend/cpu/weights_packed.h"

#include <deque>
#include <mutex>
#include <optional>

namespace sagitta::cpu {

class PackedUpsample {
 public:
  // values: (O, C, 3, 3).
  PackedUpsample(Device& device, const StoredTensor& values);

  [[nodiscard]] std::size_t bytes() const;
  // The 2x2 kernel of the results (2y + i, 2x + j); i and j are 0 or 1.
  [[nodiscard]] const PackedValues& quarter(int i, int j) const {
    return quarters_[static_cast<std::size_t>(2 * i + j)];
  }
  // The 3x3 kernel, for all other enlargements. Made from the quarters when it is first wanted,
  // to within the rounding of their sums, and kept.
  [[nodiscard]] const PackedValues& whole(Device& device) const;

 private:
  Shape shape_;  // of a quarter
  std::deque<PackedValues> quarters_;
  mutable std::mutex mutex_;
  mutable std::optional<PackedValues> whole_;
};

}  // namespace sagitta::cpu
