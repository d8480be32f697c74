#include "sagitta/core/tensor.h"

#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/kernels.h"
#include "sagitta/core/profiled_op.h"

#include <utility>

namespace sagitta {

Tensor::Tensor(Device& device, Shape shape, DType dtype)
    : device_(&device), dtype_(dtype), shape_(std::move(shape)), size_(element_count(shape_)) {
  const std::size_t wanted = bytes();
  storage_ = std::shared_ptr<void>(device.memory().take(wanted), [&device, wanted](void* block) {
    device.memory().give(block, wanted);
  });
}

Tensor::Tensor(Device& device, Shape shape) : Tensor(device, std::move(shape), device.compute()) {}

void* Tensor::address() const { return static_cast<std::byte*>(storage_.get()) + offset_; }

Tensor Tensor::reshaped(Shape shape) const {
  require(element_count(shape) == size_, Fault::internal, "cannot reshape {} to {}",
          to_string(shape_), to_string(shape));
  Tensor view = *this;
  view.shape_ = std::move(shape);
  return view;
}

Tensor Tensor::slice(std::int64_t begin, std::int64_t count) const {
  require(!shape_.empty() && begin >= 0 && count >= 0 && begin + count <= shape_[0],
          Fault::internal, "rows {}..{} are outside shape {}", begin, begin + count,
          to_string(shape_));
  Tensor view = *this;
  view.shape_[0] = count;
  view.size_ = element_count(view.shape_);
  const std::int64_t row = shape_[0] == 0 ? 0 : size_ / shape_[0];
  view.offset_ += static_cast<std::size_t>(begin * row) * size_of(dtype_);
  return view;
}

Tensor upload(Device& device, const Array& array) {
  return upload(device, array, device.compute());
}

Tensor upload(Device& device, const Array& array, DType dtype) {
  Tensor out(device, array.shape(), dtype);
  const ProfiledOp op(device, OpKind::transfer);
  // Nothing to move has no address, which kernels must not see.
  if (out.size() > 0) device.kernels().upload(array.data(), out);
  return out;
}

Array download(const Tensor& tensor) {
  Array out(tensor.shape());
  const ProfiledOp op(tensor.device(), OpKind::transfer);
  if (tensor.size() > 0) tensor.device().kernels().download(tensor, out.data());
  return out;
}

}  // namespace sagitta
