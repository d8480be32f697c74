#include "sagitta/backend/cuda/transfer.h"

#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

#include <span>
#include <vector>

namespace sagitta::cuda {
namespace {

cudaStream_t stream_of(const Tensor& x) { return x.device().context<Context>().stream; }

bool converted_there(DType type) { return type == DType::bf16 || type == DType::f16; }

}  // namespace

void upload(const float* host, Tensor& out) {
  Device& device = out.device();
  if (out.dtype() == DType::f32) {
    return copy_to_device(device, host, out.data<float>(), out.bytes());
  }
  if (out.dtype() == DType::f64) {
    const std::vector<double> wide(host, host + out.size());
    return copy_to_device(device, wide.data(), out.data<double>(), out.bytes());
  }
  require(converted_there(out.dtype()), Fault::internal, "upload: cannot convert to {}",
          name_of(out.dtype()));
  Tensor wide(device, out.shape(), DType::f32);
  copy_to_device(device, host, wide.data<float>(), wide.bytes());
  check(convert(DType::f32, wide.data<float>(), out.dtype(), out.data<std::uint16_t>(), out.size(),
                stream_of(out)),
        "upload");
}

void download(const Tensor& x, float* host) {
  const cudaStream_t stream = stream_of(x);
  const auto copy = [&](const Tensor& from, void* to) {
    check(cudaMemcpyAsync(to, from.data<std::byte>(), from.bytes(), cudaMemcpyDeviceToHost, stream),
          "values from the device");
    check(cudaStreamSynchronize(stream), "what was computed");
  };
  if (x.dtype() == DType::f32) return copy(x, host);
  if (converted_there(x.dtype())) {
    Tensor wide(x.device(), x.shape(), DType::f32);
    check(convert(x.dtype(), x.data<std::uint16_t>(), DType::f32, wide.data<float>(), x.size(),
                  stream),
          "download");
    return copy(wide, host);
  }
  std::vector<std::byte> bytes(x.bytes());
  copy(x, bytes.data());
  widen(bytes.data(), x.dtype(), std::span(host, static_cast<std::size_t>(x.size())));
}

void finish(Device& device) {
  // A failure stays until the next call, which reports it.
  static_cast<void>(cudaStreamSynchronize(device.context<Context>().stream));
}

}  // namespace sagitta::cuda
