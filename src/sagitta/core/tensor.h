// Tensor: a dense row-major value on a device, with shared storage. No strides; slices along the
// first axis only, so every kernel sees plain memory. Copying shares the storage; nothing writes to
// a tensor after the op that made it.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/core/dtype.h"
#include "sagitta/core/shape.h"

#include <memory>

namespace sagitta {

class Device;

class Tensor {
 public:
  Tensor() = default;  // nothing: only assignment and bool() are allowed
  // Uninitialised. The device must outlive the tensor.
  Tensor(Device& device, Shape shape, DType dtype);
  // Uninitialised, in the device's compute type.
  Tensor(Device& device, Shape shape);

  explicit operator bool() const { return storage_ != nullptr; }
  [[nodiscard]] Device& device() const { return *device_; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t dim(std::size_t axis) const { return shape_.at(axis); }
  [[nodiscard]] std::size_t rank() const { return shape_.size(); }
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(size_) * size_of(dtype_); }

  // Device memory; T must be as wide as an element.
  template <class T>
  [[nodiscard]] T* data() {
    return static_cast<T*>(address());
  }
  template <class T>
  [[nodiscard]] const T* data() const {
    return static_cast<const T*>(address());
  }

  // The same elements under another shape of equal element count; shares the storage.
  [[nodiscard]] Tensor reshaped(Shape shape) const;
  // Rows [begin, begin + count) of the first axis; shares the storage.
  [[nodiscard]] Tensor slice(std::int64_t begin, std::int64_t count) const;

 private:
  [[nodiscard]] void* address() const;

  Device* device_ = nullptr;
  DType dtype_ = DType::f32;
  Shape shape_{0};
  std::int64_t size_ = 0;
  std::size_t offset_ = 0;  // bytes into storage_
  std::shared_ptr<void> storage_;
};

// Host values to the device, converted to the device's compute type (or dtype) and back.
[[nodiscard]] Tensor upload(Device& device, const Array& array);
[[nodiscard]] Tensor upload(Device& device, const Array& array, DType dtype);
[[nodiscard]] Array download(const Tensor& tensor);

}  // namespace sagitta
