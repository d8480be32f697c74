#include "sagitta/backend/reference/kernels.h"
#include "sagitta/base/error.h"
#include "sagitta/core/stored.h"

#include <cstring>
#include <span>
#include <utility>

namespace sagitta::reference {
namespace {

// (out, in, taps) to (taps, in, out).
Array reversed(const Array& from, Shape shape, std::int64_t outs, std::int64_t ins,
               std::int64_t taps) {
  Array to(std::move(shape));
  const float* source = from.data();
  for (std::int64_t o = 0; o < outs; ++o) {
    for (std::int64_t i = 0; i < ins; ++i) {
      for (std::int64_t t = 0; t < taps; ++t) to.data()[(t * ins + i) * outs + o] = *source++;
    }
  }
  return to;
}

Array packed(const Array& values, WeightUse use) {
  const Shape& shape = values.shape();
  switch (use) {
    case WeightUse::vector:
      return values;
    case WeightUse::linear:
    case WeightUse::geglu:
      return reversed(values, {shape[1], shape[0]}, shape[0], shape[1], 1);
    case WeightUse::conv:
    case WeightUse::upsample_conv:
      return reversed(values, {shape[2], shape[3], shape[1], shape[0]}, shape[0], shape[1],
                      shape[2] * shape[3]);
  }
  throw Error(Fault::internal, "load_weight: unknown use");
}

}  // namespace

void upload(const float* host, Tensor& out) {
  const std::span values(host, static_cast<std::size_t>(out.size()));
  switch (out.dtype()) {
    case DType::f32:
      std::memcpy(out.data<float>(), host, out.bytes());
      return;
    case DType::bf16:
      for (std::size_t i = 0; i < values.size(); ++i) {
        out.data<std::uint16_t>()[i] = f32_to_bf16(values[i]);
      }
      return;
    case DType::f16:
      for (std::size_t i = 0; i < values.size(); ++i) {
        out.data<std::uint16_t>()[i] = f32_to_f16(values[i]);
      }
      return;
    case DType::f64:
      for (std::size_t i = 0; i < values.size(); ++i) out.data<double>()[i] = values[i];
      return;
    default:
      throw Error(Fault::internal,
                  fmt::format("upload: cannot convert to {}", name_of(out.dtype())));
  }
}

void download(const Tensor& x, float* host) {
  widen(x.data<std::byte>(), x.dtype(), std::span(host, static_cast<std::size_t>(x.size())));
}

void load_weight(Device&, const StoredTensor& values, Weight& weight) {
  const auto array = std::make_shared<const Array>(packed(to_array(values), weight.use));
  weight.bytes = array->size() * sizeof(float);
  weight.packed = array;
}

}  // namespace sagitta::reference
