#include "sagitta/backend/cpu/weights.h"

#include "sagitta/backend/cpu/linear_bf16.h"
#include "sagitta/backend/cpu/product_f32.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/backend/cpu/weights_int8.h"
#include "sagitta/backend/cpu/weights_packed.h"
#include "sagitta/backend/cpu/weights_upsample.h"
#include "sagitta/base/error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

namespace sagitta::cpu {
namespace {

// Halves to floats like core's f16_to_f32, but without branches, so that it becomes vector code.
struct WidenHalves {
  [[gnu::always_inline]] static void run(const std::byte* from, std::int64_t count, float* to) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, from + i * 2, 2);
      const std::uint32_t magnitude = (bits & 0x7FFFU) << 13U;
      const std::uint32_t normal = magnitude + (112U << 23U);
      const float subnormal = std::bit_cast<float>(magnitude + (113U << 23U)) - 0x1p-14F;
      std::uint32_t wide = magnitude < 1U << 23U ? std::bit_cast<std::uint32_t>(subnormal) : normal;
      wide |= magnitude >= 31U << 23U ? 0x7F800000U : 0U;  // infinities and NaN
      to[i] = std::bit_cast<float>(wide | (bits & 0x8000U) << 16U);
    }
  }
};

void widen_bytes(const std::byte* from, std::int64_t count, std::span<const float> table,
                 float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = table[std::to_integer<std::size_t>(from[i])];
}

}  // namespace

void widen_in_parallel(const StoredTensor& values, float* out) {
  std::array<std::byte, 256> codes{};
  std::array<float, 256> table{};
  const std::size_t size = size_of(values.dtype);
  if (size == 1) {
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::byte>(i);
    widen(codes.data(), values.dtype, table);
  }
  constexpr std::int64_t kGrain = 1 << 15;
  parallel_ranges(element_count(values.shape), kGrain, [&](std::int64_t begin, std::int64_t end) {
    const std::byte* const from = values.data + static_cast<std::size_t>(begin) * size;
    if (values.dtype == DType::f16) {
      for_best_isa<WidenHalves>(from, end - begin, out + begin);
    } else if (size == 1) {
      widen_bytes(from, end - begin, table, out + begin);
    } else {
      widen(from, values.dtype, {out + begin, out + end});
    }
    if (values.scale != 1) {
      for (float* value = out + begin; value != out + end; ++value) *value *= values.scale;
    }
  });
}

namespace {

// The values of a file in an element type that can be packed, dense and aligned: f32, or also the
// compute type unless they shall be in int8.
class Source {
 public:
  Source(Device& device, const StoredTensor& values) : int8_(wants_int8(device, values.shape)) {
    const std::size_t alignment = size_of(values.dtype);
    const bool aligned = reinterpret_cast<std::uintptr_t>(values.data) % alignment == 0;
    const bool as_it_is = values.scale == 1 && (values.dtype == DType::f32 ||
                                                (!int8_ && values.dtype == device.compute()));
    if (aligned && as_it_is) {
      type_ = values.dtype;
      data_ = values.data;
      return;
    }
    const auto count = static_cast<std::size_t>(element_count(values.shape));
    widened_.emplace(device, staging_bytes(count * sizeof(float)));
    widen_in_parallel(values, static_cast<float*>(widened_->data()));
    data_ = static_cast<const std::byte*>(widened_->data());
  }

  [[nodiscard]] DType type() const { return type_; }
  [[nodiscard]] const std::byte* data() const { return data_; }
  [[nodiscard]] bool int8() const { return int8_; }

 private:
  bool int8_;
  DType type_ = DType::f32;
  const std::byte* data_ = nullptr;
  std::optional<PoolBlock> widened_;
};

PackedMatrix pack_matrix(Device& device, const Source& source, std::int64_t first_row,
                         std::int64_t out, std::int64_t in) {
  const std::byte* rows =
      source.data() + static_cast<std::size_t>(first_row * in) * size_of(source.type());
  if (source.int8()) {
    return pack_matrix_int8(device, reinterpret_cast<const float*>(rows), out, in);
  }
  if (device.compute() == DType::f32) {
    const Shape shape{out, in, 1, 1};
    return {in,
            out,
            {device, usual_conv_layout(device, shape), kernel_layout(source.type(), shape), rows},
            {}};
  }
  const Layout plain = matrix_layout(source.type(), in, out);
  if (const auto tiles = tile_layout(in, out)) return {in, out, {device, *tiles, plain, rows}, {}};
  // Any number of rows gives the same layout as long as it is not tiny.
  const MatmulProblem usual{.type = device.compute(), .rows = 1024, .in = in, .out = out};
  const Plan plan = plan_matmul(device.context<Context>().engine, usual, nullptr);
  return {in, out, {device, plan.weights, plain, rows}, {}};
}

PackedConv pack_conv(Device& device, const Source& source, const Shape& shape) {
  if (source.int8()) {
    return pack_conv_int8(device, reinterpret_cast<const float*>(source.data()), shape);
  }
  return {{device, usual_conv_layout(device, shape), kernel_layout(source.type(), shape),
           source.data()},
          {}};
}

// The capacity is that of whole vectors, so that kernels may load beyond the last value.
SystemBlock pack_vector(Device& device, const StoredTensor& values) {
  constexpr std::size_t kLanes = 16;
  const auto count = static_cast<std::size_t>(element_count(values.shape));
  const std::size_t room = (count + kLanes - 1) / kLanes * kLanes;
  SystemBlock block(device, room * sizeof(float));
  auto* const floats = static_cast<float*>(block.data());
  widen_in_parallel(values, floats);
  std::fill(floats + count, floats + room, 0.0F);
  return block;
}

}  // namespace

Layout usual_conv_layout(Device& device, const Shape& shape) {
  if (device.compute() == DType::f32) return panel_layout(shape, product_path().columns);
  // The layout follows from the channels alone for nearly all sizes; this one is usual.
  constexpr std::int64_t kSide = 64;
  const std::int64_t kernel = std::max(shape[2], shape[3]);
  const bool patches = kernel > 7;
  const std::int64_t padding = patches ? 0 : kernel / 2;
  const std::int64_t after = kernel % 2 == 0 ? 0 : padding;
  const ConvProblem usual{.type = device.compute(),
                          .height = std::max(kSide, kernel),
                          .width = std::max(kSide, kernel),
                          .in = shape[1],
                          .out = shape[0],
                          .kernel_h = shape[2],
                          .kernel_w = shape[3],
                          .stride = patches ? kernel : 1,
                          .pad_before = {padding, padding},
                          .pad_after = {after, after},
                          .bias = true};
  return plan_conv(device.context<Context>().engine, usual, nullptr).weights;
}

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
      weight.bytes = packed->value.bytes() + packed->gate.bytes();
      weight.packed = packed;
      return;
    }
    case WeightUse::conv:
      if (!is_pointwise(weight)) {
        const std::shared_ptr<const PackedConv> packed(
            new PackedConv(pack_conv(device, Source(device, values), shape)));
        weight.bytes = packed->bytes();
        weight.packed = packed;
        return;
      }
      [[fallthrough]];
    case WeightUse::linear: {
      const std::shared_ptr<const PackedMatrix> packed(
          new PackedMatrix(pack_matrix(device, Source(device, values), 0, shape[0], shape[1])));
      weight.bytes = packed->bytes();
      weight.packed = packed;
      return;
    }
    case WeightUse::upsample_conv: {
      const auto packed = std::make_shared<const PackedUpsample>(device, values);
      weight.bytes = packed->bytes();
      weight.packed = packed;
      return;
    }
  }
}

const float* vector_values(const Weight& weight) {
  return static_cast<const float*>(packed_as<SystemBlock>(weight).data());
}

}  // namespace sagitta::cpu
