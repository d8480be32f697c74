#include "sagitta/backend/cpu/weights.h"

#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/base/error.h"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace sagitta::cpu {
namespace {

// The values of a file in an element type that oneDNN reads, dense and aligned.
class Source {
 public:
  Source(Device& device, const StoredTensor& values) {
    const std::size_t alignment = size_of(values.dtype);
    const bool aligned = reinterpret_cast<std::uintptr_t>(values.data) % alignment == 0;
    const bool as_it_is = values.dtype == DType::f32 || values.dtype == device.compute();
    if (aligned && as_it_is) {
      type_ = values.dtype;
      data_ = values.data;
      return;
    }
    const std::int64_t count = element_count(values.shape);
    widened_ = SystemBlock(device, static_cast<std::size_t>(count) * sizeof(float));
    auto* const floats = static_cast<float*>(widened_.data());
    constexpr std::int64_t kGrain = 1 << 16;
    parallel_ranges(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
      widen(values.data + static_cast<std::size_t>(begin) * size_of(values.dtype), values.dtype,
            {floats + begin, floats + end});
    });
    data_ = static_cast<const std::byte*>(widened_.data());
  }

  [[nodiscard]] DType type() const { return type_; }
  [[nodiscard]] const std::byte* data() const { return data_; }

 private:
  DType type_ = DType::f32;
  const std::byte* data_ = nullptr;
  SystemBlock widened_;
};

PackedMatrix pack_matrix(Device& device, const Source& source, std::int64_t first_row,
                         std::int64_t out, std::int64_t in) {
  // Any number of rows gives the same layout as long as it is not tiny.
  const MatmulProblem usual{.type = device.compute(), .rows = 1024, .in = in, .out = out};
  const Plan plan = plan_matmul(device.context<Context>().engine, usual, nullptr);
  const std::byte* rows =
      source.data() + static_cast<std::size_t>(first_row * in) * size_of(source.type());
  return {in, out, {device, plan.weights, matrix_layout(source.type(), in, out), rows}};
}

PackedConv pack_conv(Device& device, const Source& source, const Shape& shape) {
  // The layout follows from the channels alone for nearly all sizes; this one is usual.
  constexpr std::int64_t kSide = 64;
  const std::int64_t kernel = std::max(shape[2], shape[3]);
  const bool patches = kernel > 7;
  const ConvProblem usual{.type = device.compute(),
                          .height = std::max(kSide, kernel),
                          .width = std::max(kSide, kernel),
                          .in = shape[1],
                          .out = shape[0],
                          .kernel_h = shape[2],
                          .kernel_w = shape[3],
                          .stride = patches ? kernel : 1,
                          .pad_before = patches ? 0 : kernel / 2,
                          .pad_after = patches ? 0 : kernel / 2,
                          .bias = true};
  const Plan plan = plan_conv(device.context<Context>().engine, usual, nullptr);
  return {{device, plan.weights, kernel_layout(source.type(), shape), source.data()}};
}

// The capacity is that of whole vectors, so that kernels may load beyond the last value.
SystemBlock pack_vector(Device& device, const StoredTensor& values) {
  constexpr std::size_t kLanes = 16;
  const auto count = static_cast<std::size_t>(element_count(values.shape));
  const std::size_t room = (count + kLanes - 1) / kLanes * kLanes;
  SystemBlock block(device, room * sizeof(float));
  auto* const floats = static_cast<float*>(block.data());
  widen(values.data, values.dtype, {floats, count});
  std::fill(floats + count, floats + room, 0.0F);
  return block;
}

}  // namespace

PackedValues::Copy PackedValues::pack(Device& device, const Layout& layout,
                                      const Layout& from_layout, const void* from) {
  Context& context = device.context<Context>();
  Copy copy{layout, SystemBlock(device, layout.get_size())};
  reorder(context.engine, context.stream, from_layout, from, layout, copy.block.data());
  return copy;
}

PackedValues::PackedValues(Device& device, const Layout& layout, const Layout& plain,
                           const void* values)
    : primary_(pack(device, layout, plain, values)) {}

const void* PackedValues::in(Device& device, const Layout& layout) const {
  if (layout == primary_.layout) return primary_.block.data();
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(others_.begin(), others_.end(),
                                  [&](const Copy& copy) { return copy.layout == layout; });
  if (found != others_.end()) return found->block.data();
  others_.push_back(pack(device, layout, primary_.layout, primary_.block.data()));
  return others_.back().block.data();
}

void load_weight(Device& device, const StoredTensor& values, Weight& weight) {
  const Shape& shape = values.shape;
  require(std::all_of(shape.begin(), shape.end(), [](std::int64_t size) { return size > 0; }),
          Fault::bad_file, "a weight has shape {}, expected sizes of at least 1", to_string(shape));
  // Each is made in its place, since packed values do not move.
  switch (weight.use) {
    case WeightUse::vector: {
      const auto packed = std::make_shared<const SystemBlock>(pack_vector(device, values));
      weight.bytes = packed->bytes();
      weight.packed = packed;
      return;
    }
    case WeightUse::geglu: {
      require(shape[0] % 2 == 0, Fault::bad_file,
              "a gated weight has shape {}, expected an even number of rows", to_string(shape));
      const Source source(device, values);
      const std::int64_t out = shape[0] / 2;
      const std::shared_ptr<const PackedGeglu> packed(
          new PackedGeglu{pack_matrix(device, source, 0, out, shape[1]),
                          pack_matrix(device, source, out, out, shape[1])});
      weight.bytes = packed->value.values.bytes() + packed->gate.values.bytes();
      weight.packed = packed;
      return;
    }
    case WeightUse::conv:
      if (!is_pointwise(weight)) {
        const std::shared_ptr<const PackedConv> packed(
            new PackedConv(pack_conv(device, Source(device, values), shape)));
        weight.bytes = packed->values.bytes();
        weight.packed = packed;
        return;
      }
      [[fallthrough]];
    case WeightUse::linear: {
      const std::shared_ptr<const PackedMatrix> packed(
          new PackedMatrix(pack_matrix(device, Source(device, values), 0, shape[0], shape[1])));
      weight.bytes = packed->values.bytes();
      weight.packed = packed;
      return;
    }
  }
}

const float* vector_values(const Weight& weight) {
  return static_cast<const float*>(packed_as<SystemBlock>(weight).data());
}

}  // namespace sagitta::cpu
