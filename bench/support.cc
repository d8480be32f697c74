#include "support.h"

#include "sagitta/backend/open.h"
#include "sagitta/core/stored.h"

#include <cmath>
#include <random>
#include <utility>

namespace sagitta::bench {
namespace {

Array draw(Shape shape, float deviation) {
  Array array(std::move(shape));
  std::minstd_rand random(1);
  std::normal_distribution<float> normal(0, deviation);
  for (float& value : array.values()) value = normal(random);
  return array;
}

}  // namespace

std::unique_ptr<Device> open(const benchmark::State& state, int type_argument) {
  const auto index = static_cast<std::size_t>(type_argument);
  return open_device("cpu", {.compute = state.range(index) != 0 ? DType::bf16 : DType::f32});
}

Tensor tensor(Device& device, Shape shape) { return upload(device, draw(std::move(shape), 1)); }

Weight weight(Device& device, WeightUse use, Shape shape) {
  const std::int64_t inputs = element_count(shape) / shape[0];
  const float deviation = 1 / std::sqrt(static_cast<float>(inputs));
  return load_weight(device, use, to_stored(draw(std::move(shape), deviation)));
}

void count_flops(benchmark::State& state, double flops_per_call) {
  state.counters["FLOP/s"] =
      benchmark::Counter(flops_per_call, benchmark::Counter::kIsIterationInvariantRate);
}

void count_bytes(benchmark::State& state, std::size_t bytes_per_call) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_per_call));
}

}  // namespace sagitta::bench
