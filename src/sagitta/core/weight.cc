#include "sagitta/core/weight.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"

namespace sagitta {
namespace {

std::size_t rank_of(WeightUse use) {
  switch (use) {
    case WeightUse::vector:
      return 1;
    case WeightUse::linear:
    case WeightUse::geglu:
      return 2;
    case WeightUse::conv:
    case WeightUse::upsample_conv:
      return 4;
  }
  return 0;
}

}  // namespace

Weight load_weight(Device& device, WeightUse use, const StoredTensor& values) {
  require(values.shape.size() == rank_of(use), Fault::bad_file,
          "a weight of shape {} wants rank {}", to_string(values.shape), rank_of(use));
  Weight weight{.device = &device, .use = use, .shape = values.shape, .bytes = 0, .packed = {}};
  device.kernels().load_weight(device, values, weight);
  return weight;
}

}  // namespace sagitta
