// What `sagitta bench` can measure: networks of published architectures with random weights, at the
// shapes that a picture of a given size makes.
#pragma once

#include "sagitta/core/device.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::cli {

struct BenchSize {
  std::int64_t pixels = 512;  // side of the picture, a multiple of 64
  std::int64_t batch = 2;     // rows of a call of the UNet; CFG has two per picture
};

// Something to be run repeatedly; owns its networks.
struct BenchCase {
  std::string name;
  std::function<void()> work;
  std::function<void()> without;  // the same without what the case is about; empty: no such thing
};

// Makes a case, weights included.
using BenchMaker = std::function<BenchCase(Device& device, const BenchSize& size)>;

// "sd15, ..., vae, clip".
[[nodiscard]] std::string bench_archs();

// The cases of one name: of an architecture a call of its UNet, and with `sag` a guided step with
// Self-Attention Guidance, beside one without, for one picture; of vae the decoder; of clip the
// text encoders. Throws bad_input with the known names.
[[nodiscard]] std::vector<BenchMaker> bench_makers(std::string_view arch, bool sag);

}  // namespace sagitta::cli
