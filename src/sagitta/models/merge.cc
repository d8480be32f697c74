#include "sagitta/models/merge.h"

#include "sagitta/base/error.h"
#include "sagitta/base/log.h"

#include <algorithm>
#include <array>
#include <memory>

namespace sagitta::models {
namespace {

constexpr std::string_view kFirstConvolution = "input_blocks.0.0.weight";

Shape without_trailing_ones(Shape shape) {
  while (shape.size() > 1 && shape.back() == 1) shape.pop_back();
  return shape;
}

// Tables of positions and a number of CLIP's training, which no network here reads.
bool is_weight(std::string_view name) {
  constexpr std::array<std::string_view, 2> kOthers{"position_ids", "logit_scale"};
  return std::ranges::none_of(kOthers, [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

WeightEdits merge_edits(const Weights& first, const Weights& second,
                        const std::function<MergeFactors(std::string_view)>& factors) {
  const auto shared = std::make_shared<const Weights>(second);
  WeightEdits edits;
  std::size_t common = 0;
  for (const std::string& name : first.names()) {
    const StoredTensor* other = second.find(name);
    if (other == nullptr || !is_weight(name)) continue;
    const Shape& own = first.find(name)->shape;
    if (without_trailing_ones(own) != without_trailing_ones(other->shape)) {
      require(name == kFirstConvolution, Fault::bad_input,
              "the two cannot be merged: '{}' is {} in the first and {} in the second", name,
              to_string(own), to_string(other->shape));
      log(LogLevel::warning, "merging: '{}' stays as it is: {} in the first model, {} in the second",
          name, to_string(own), to_string(other->shape));
      continue;
    }
    ++common;
    const MergeFactors by = factors(name);
    if (by.first == 1 && by.second == 0) continue;
    edits[name] = [name, by, shared](Array& weight) {
      if (by.first != 1) weight *= by.first;
      if (by.second != 0) weight += shared->value(name).reshaped(weight.shape()) * by.second;
    };
  }
  require(common > 0, Fault::bad_input, "the two cannot be merged: they have no weight in common");
  return edits;
}

}  // namespace sagitta::models
