#include "sagitta/core/memory.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace sagitta {
namespace {

// Eight classes per power of two: at most 12.5 % is wasted, and near sizes share blocks.
std::size_t size_class(std::size_t bytes) {
  constexpr std::size_t kSmallest = 256;
  if (bytes <= kSmallest) return kSmallest;
  const std::size_t step = std::bit_floor(bytes - 1) / 8;
  return (bytes + step - 1) / step * step;
}

}  // namespace

MemoryPool::~MemoryPool() { trim_locked(0); }

void* MemoryPool::take(std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  const std::lock_guard lock(mutex_);
  void* block = nullptr;
  if (const auto it = free_.find(size); it != free_.end() && !it->second.empty()) {
    block = it->second.back();
    it->second.pop_back();
    cached_ -= size;
  } else {
    block = source_.allocate(size);
    if (block == nullptr) {
      trim_locked(0);
      block = source_.allocate(size);
    }
    require(block != nullptr, Fault::out_of_memory,
            "out of memory: {} MiB more wanted, {} MiB in use; a smaller size or batch may fit",
            size >> 20U, in_use_ >> 20U);
  }
  in_use_ += size;
  peak_ = std::max(peak_, in_use_);
  return block;
}

void MemoryPool::give(void* block, std::size_t bytes) noexcept {
  const std::size_t size = size_class(bytes);
  const std::lock_guard lock(mutex_);
  in_use_ -= size;
  try {
    free_[size].push_back(block);
    cached_ += size;
  } catch (...) {  // no memory for the list itself
    source_.release(block, size);
  }
}

void MemoryPool::trim(std::size_t kept) noexcept {
  const std::lock_guard lock(mutex_);
  trim_locked(kept);
}

void MemoryPool::trim_on_the_way(std::size_t kept) noexcept {
  if (!source_.release_waits) trim(kept);
}

void MemoryPool::trim_locked(std::size_t kept) noexcept {
  while (cached_ > kept) {
    const auto largest = std::prev(free_.end());
    for (std::vector<void*>& blocks = largest->second; !blocks.empty() && cached_ > kept;) {
      source_.release(blocks.back(), largest->first);
      blocks.pop_back();
      cached_ -= largest->first;
    }
    if (largest->second.empty()) free_.erase(largest);
  }
}

std::size_t MemoryPool::in_use() const {
  const std::lock_guard lock(mutex_);
  return in_use_;
}

std::size_t MemoryPool::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

void MemoryPool::reset_peak() {
  const std::lock_guard lock(mutex_);
  peak_ = in_use_;
}

}  // namespace sagitta
