#include "sagitta/backend/cuda/weights.h"

#include "sagitta/backend/cuda/conv2d_kernels.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/backend/cuda/transfer.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sagitta::cuda {
namespace {

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// Stored values in device memory, in a type that device code reads.
struct Source {
  Tensor values;
  DType type;
  float scale;
};

// As they are where possible: the device widens faster than the host, and less has to be moved.
Source to_device(Device& device, const StoredTensor& stored) {
  const auto move = [&](const void* data, DType type, float scale) {
    Source source{.values = Tensor(device, stored.shape, type), .type = type, .scale = scale};
    copy_to_device(device, data, source.values.data<std::byte>(), source.values.bytes());
    return source;
  };
  if (stored.dtype == DType::f32 || stored.dtype == DType::f16 || stored.dtype == DType::bf16) {
    return move(stored.data, stored.dtype, stored.scale);
  }
  const Array wide = to_array(stored);
  return move(wide.data(), DType::f32, 1);
}

constexpr std::int64_t kWord = 8;  // values that device code loads at once

PackedKernel pack(Device& device, const StoredTensor& stored, bool convolution) {
  const Shape& shape = stored.shape;
  KernelShape kernel{.out = shape[0], .in = shape[1]};
  if (convolution) kernel.taps = shape[2] * shape[3];
  const std::int64_t depth = kernel.taps * kernel.in;
  kernel.row = convolution ? (depth + kWord - 1) / kWord * kWord : depth;
  const DType type = device.compute();
  const bool tiled = convolution && type == DType::bf16 && kernel.in % kWord == 0;
  const std::size_t bytes = tiled
                                ? static_cast<std::size_t>(conv_kernels_bytes(kernel))
                                : static_cast<std::size_t>(kernel.out * kernel.row) * size_of(type);

  const Source source = to_device(device, stored);
  const auto* const from = source.values.data<std::byte>();
  const cudaStream_t stream = device.context<Context>().stream;
  PackedKernel packed{.values = Block(device, bytes), .row = kernel.row, .tiled = tiled};
  void* const to = packed.values.data();
  check(tiled ? pack_conv_kernels(kernel, source.type, from, source.scale, to, stream)
              : pack_kernel(kernel, source.type, from, source.scale, type, to, stream),
        "packing a weight");
  return packed;
}

PackedVector pack_vector(Device& device, const StoredTensor& stored) {
  const std::int64_t count = element_count(stored.shape);
  constexpr std::size_t kAlignment = 256;
  const std::size_t wide = round_up(static_cast<std::size_t>(count) * sizeof(float), kAlignment);
  const DType type = device.compute();
  const std::size_t narrow =
      type == DType::f32 ? 0 : static_cast<std::size_t>(count) * size_of(type);
  PackedVector packed{.values = Block(device, wide + narrow),
                      .in_compute_type = type == DType::f32 ? 0 : wide};
  const Source source = to_device(device, stored);
  const KernelShape row{.out = 1, .in = count, .row = count};
  const cudaStream_t stream = device.context<Context>().stream;
  auto* const floats = static_cast<std::byte*>(packed.values.data());
  check(pack_kernel(row, source.type, source.values.data<std::byte>(), source.scale, DType::f32,
                    floats, stream),
        "packing a weight");
  if (type != DType::f32) {
    check(convert(DType::f32, floats, type, floats + wide, count, stream), "packing a weight");
  }
  return packed;
}

const PackedVector& packed_vector(const Weight& weight) {
  return *static_cast<const PackedVector*>(weight.packed.get());
}

}  // namespace

void load_weight(Device& device, const StoredTensor& values, Weight& weight) {
  const Shape& shape = values.shape;
  require(std::all_of(shape.begin(), shape.end(), [](std::int64_t size) { return size > 0; }),
          Fault::bad_file, "a weight has shape {}, expected sizes of at least 1", to_string(shape));
  require(weight.use != WeightUse::geglu || shape[0] % 2 == 0, Fault::bad_file,
          "a gated weight has shape {}, expected an even number of rows", to_string(shape));
  if (weight.use == WeightUse::vector) {
    const auto packed = std::make_shared<const PackedVector>(pack_vector(device, values));
    weight.bytes = packed->values.bytes();
    weight.packed = packed;
    return;
  }
  const bool convolution = weight.use == WeightUse::conv || weight.use == WeightUse::upsample_conv;
  const auto packed = std::make_shared<const PackedKernel>(pack(device, values, convolution));
  weight.bytes = packed->values.bytes();
  weight.packed = packed;
}

const PackedKernel& kernel_of(const Weight& weight) {
  return *static_cast<const PackedKernel*>(weight.packed.get());
}

const float* vector_of(const Weight* weight) {
  return weight == nullptr ? nullptr
                           : static_cast<const float*>(packed_vector(*weight).values.data());
}

const void* vector_in_compute_type(const Weight* weight) {
  if (weight == nullptr) return nullptr;
  const PackedVector& packed = packed_vector(*weight);
  return static_cast<const std::byte*>(packed.values.data()) + packed.in_compute_type;
}

}  // namespace sagitta::cuda
