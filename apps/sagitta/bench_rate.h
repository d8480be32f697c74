// What the machine can do where nothing but arithmetic counts: the yardstick of `sagitta bench`.
#pragma once

#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"
#include "sagitta/nn/layers.h"

namespace sagitta::cli {

struct Rate {
  double product = 0;  // GFLOP/s of 2048 x 2048 x 2048
  double conv = 0;     // of a 3x3 convolution of 640 channels from 65x65 to 64x64

  [[nodiscard]] double better() const { return product > conv ? product : conv; }
};

class Yardstick {
 public:
  explicit Yardstick(Device& device);

  // The best of half a second of runs each, since whatever else runs on the machine only makes it
  // slower.
  [[nodiscard]] Rate best();

  // The mean of a twentieth of a second of runs each: for processors that change their speed
  // while they work, beside work that is measured.
  [[nodiscard]] Rate now();

 private:
  void multiply();
  void convolve();

  Device& device_;
  Linear linear_;
  Param kernel_;
  Tensor rows_;
  Tensor picture_;
};

}  // namespace sagitta::cli
