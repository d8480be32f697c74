// MemoryPool: keeps freed blocks by size class and hands them out again. The shapes of a denoising
// loop repeat, so after the first step no memory is asked of the system: page faults alone cost
// other engines a third of a step. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace sagitta {

class MemoryPool {
 public:
  // How a backend gets and gives back raw memory. allocate returns null when there is none.
  struct Source {
    void* (*allocate)(std::size_t bytes);
    void (*release)(void* block, std::size_t bytes);
    bool release_waits = false;  // for all work of the device
  };

  explicit MemoryPool(Source source) : source_(source) {}
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  // At least `bytes` bytes, aligned as the source aligns. Gives cached blocks back to the system
  // and tries again before it throws out_of_memory.
  void* take(std::size_t bytes);
  // Returns a block got from take(bytes).
  void give(void* block, std::size_t bytes) noexcept;

  // Releases cached blocks, the largest first, until at most `kept` bytes of them are left.
  void trim(std::size_t kept = 0) noexcept;

  // The same between the ops of a network, where its sizes change: what is kept is of no use to
  // what follows. Does nothing where a release waits; blocks then go when there is no memory.
  void trim_on_the_way(std::size_t kept) noexcept;

  [[nodiscard]] std::size_t in_use() const;  // bytes handed out now
  [[nodiscard]] std::size_t peak() const;    // the most that was handed out since reset_peak()
  void reset_peak();

 private:
  void trim_locked(std::size_t kept) noexcept;

  Source source_;
  mutable std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;  // by size class
  std::size_t cached_ = 0;                          // bytes
  std::size_t in_use_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace sagitta
