// Device: where tensors live and which kernels run on them. Chosen once, at run time; no globals.
#pragma once

#include "sagitta/core/dtype.h"
#include "sagitta/core/memory.h"
#include "sagitta/core/profile.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sagitta {

struct Kernels;

class Device {
 public:
  // compute: the element type of activations (f32 or bf16), and of the packed weights that are not
  // in int8. int8_products: whether the large products are of 8-bit integers. context: what the
  // backend needs (engine, stream, handles); only its kernels know the type.
  Device(std::string name, DType compute, const Kernels& kernels, MemoryPool::Source memory,
         std::shared_ptr<void> context, bool int8_products = false)
      : name_(std::move(name)),
        compute_(compute),
        int8_products_(int8_products),
        kernels_(&kernels),
        context_(std::move(context)),
        memory_(memory) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] DType compute() const { return compute_; }
  [[nodiscard]] bool int8_products() const { return int8_products_; }
  // What products are computed in: "f32", "bf16" or "int8".
  [[nodiscard]] std::string_view arithmetic() const {
    return int8_products_ ? "int8" : name_of(compute_);
  }
  [[nodiscard]] const Kernels& kernels() const { return *kernels_; }
  [[nodiscard]] MemoryPool& memory() { return memory_; }
  // What the ops of this device did, once started.
  [[nodiscard]] Profile& profile() { return profile_; }
  template <class Context>
  [[nodiscard]] Context& context() const {
    return *static_cast<Context*>(context_.get());
  }

 private:
  std::string name_;
  DType compute_;
  bool int8_products_;
  const Kernels* kernels_;
  std::shared_ptr<void> context_;
  MemoryPool memory_;
  Profile profile_;
};

}  // namespace sagitta
