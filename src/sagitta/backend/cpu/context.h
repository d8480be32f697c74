// What the CPU backend keeps per device: oneDNN's engine and stream, the number of threads, and the
// plans that were made so far. Also the backend's memory.
#pragma once

#include "sagitta/backend/cpu/dnnl.h"
#include "sagitta/core/device.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace sagitta::cpu {

// Plans by problem. The number of plans is bounded: the oldest sizes of a long run are forgotten.
template <class Problem>
class PlanCache {
 public:
  std::shared_ptr<const Plan> find_or_make(const Problem& problem,
                                           const std::function<Plan()>& make) {
    const std::lock_guard lock(mutex_);
    if (const auto it = plans_.find(problem); it != plans_.end()) return it->second;
    if (plans_.size() >= kMostPlans) plans_.clear();
    return plans_[problem] = std::make_shared<const Plan>(make());
  }

 private:
  static constexpr std::size_t kMostPlans = 1024;

  std::mutex mutex_;
  std::map<Problem, std::shared_ptr<const Plan>> plans_;
};

struct Context {
  Context(int thread_count, bool int8_products)
      : threads(thread_count), int8_levels(int8_products ? largest_int8_weight() : 0) {}

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  int threads;
  int int8_levels;  // the largest magnitude of weights in int8; 0: no weights are in int8
  PlanCache<MatmulProblem> matmuls;
  PlanCache<ConvProblem> convs;
};

enum class Subnormals { keep, flush };

// While a scope lives, this thread's parallel regions have the device's number of threads, and all
// of these threads flush subnormal numbers to zero (arithmetic on them is a hundred times slower)
// or keep them. OpenMP's settings belong to the calling thread, so every kernel begins with a
// scope.
class KernelScope {
 public:
  KernelScope(const Context& context, Subnormals subnormals);
  ~KernelScope();
  KernelScope(const KernelScope&) = delete;
  KernelScope& operator=(const KernelScope&) = delete;

 private:
  int threads_before_;
  unsigned float_mode_before_;
};

// Memory of a device's pool for the time of a call; 64-byte aligned.
class PoolBlock {
 public:
  PoolBlock(Device& device, std::size_t bytes)
      : pool_(device.memory()), bytes_(bytes), data_(bytes == 0 ? nullptr : pool_.take(bytes)) {}
  ~PoolBlock() {
    if (data_ != nullptr) pool_.give(data_, bytes_);
  }
  PoolBlock(const PoolBlock&) = delete;
  PoolBlock& operator=(const PoolBlock&) = delete;

  [[nodiscard]] void* data() const { return data_; }

 private:
  MemoryPool& pool_;
  std::size_t bytes_;
  void* data_;
};

// The size under which memory for values on their way into a weight is taken from the pool. Few sizes,
// so that one block serves nearly all weights: fresh pages cost as much as the work on them.
[[nodiscard]] std::size_t staging_bytes(std::size_t bytes);

// System memory, 64-byte aligned; blocks of 2 MiB and more are aligned to 2 MiB and lie in huge
// pages where the system has them. allocate returns null when there is none.
extern const MemoryPool::Source kSystemMemory;

// A block of kSystemMemory of exactly this size, for what lives long. Takes memory back from the
// device's pool before it throws out_of_memory.
class SystemBlock {
 public:
  SystemBlock() = default;
  SystemBlock(Device& device, std::size_t bytes);
  ~SystemBlock();
  SystemBlock(SystemBlock&& other) noexcept;
  SystemBlock& operator=(SystemBlock&& other) noexcept;

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace sagitta::cpu
