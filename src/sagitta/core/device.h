// Device: where tensors live and which kernels run on them. Chosen once, at run time; no globals.
#pragma once

#include "sagitta/core/dtype.h"
#include "sagitta/core/memory.h"
#include "sagitta/core/profile.h"

#include <memory>
#include <string>
#include <utility>

namespace sagitta {

struct Kernels;

class Device {
 public:
  // compute: the element type of activations and packed weights (f32 or bf16). context: what the
  // backend needs (engine, stream, handles); only its kernels know the type.
  Device(std::string name, DType compute, const Kernels& kernels, MemoryPool::Source memory,
         std::shared_ptr<void> context)
      : name_(std::move(name)),
        compute_(compute),
        kernels_(&kernels),
        context_(std::move(context)),
        memory_(memory) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] DType compute() const { return compute_; }
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
  const Kernels* kernels_;
  std::shared_ptr<void> context_;
  MemoryPool memory_;
  Profile profile_;
};

}  // namespace sagitta
