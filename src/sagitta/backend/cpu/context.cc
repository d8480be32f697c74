#include "sagitta/backend/cpu/context.h"

#include "sagitta/base/error.h"

#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace sagitta::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// Whole pages, since blocks of the pool come and go in any order: what is released goes back to the
// system at once instead of leaving holes in the heap.
void* allocate_huge(std::size_t bytes) {
  if (bytes > SIZE_MAX / 2) return nullptr;
  const std::size_t size = round_up(bytes, kPage);
  void* const mapping =
      mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  auto* const first = static_cast<std::byte*>(mapping);
  const std::size_t address = reinterpret_cast<std::uintptr_t>(first);
  const std::size_t head = round_up(address, kHugePage) - address;
  std::byte* const block = first + head;
  if (head != 0) munmap(first, head);
  if (head != kHugePage) munmap(block + size, kHugePage - head);
  madvise(block, size, MADV_HUGEPAGE);  // a wish: it works without, only slower
  return block;
}

void* allocate(std::size_t bytes) {
  if (bytes >= kHugePage) return allocate_huge(bytes);
  return std::aligned_alloc(kAlignment, round_up(bytes == 0 ? 1 : bytes, kAlignment));
}

void release(void* block, std::size_t bytes) {
  if (bytes >= kHugePage) {
    munmap(block, round_up(bytes, kPage));
  } else {
    std::free(block);
  }
}

#if defined(__SSE2__)

constexpr unsigned kFlushSubnormals = 0x8040;  // MXCSR: flush to zero, subnormals are zero

unsigned float_mode() { return _mm_getcsr(); }
void set_float_mode(unsigned mode) { _mm_setcsr(mode); }

#else

constexpr unsigned kFlushSubnormals = 0;

unsigned float_mode() { return 0; }
void set_float_mode(unsigned /*mode*/) {}

#endif

unsigned with(unsigned mode, Subnormals subnormals) {
  return subnormals == Subnormals::flush ? mode | kFlushSubnormals : mode & ~kFlushSubnormals;
}

// OpenMP keeps the helpers of this thread and they keep their mode, so it is seldom set.
void prepare_helpers(int threads, Subnormals subnormals) {
  thread_local int prepared_threads = 1;
  thread_local Subnormals prepared = Subnormals::keep;
  if (threads <= prepared_threads && subnormals == prepared) return;
  prepared_threads = std::max(threads, prepared_threads);
  prepared = subnormals;
#pragma omp parallel num_threads(prepared_threads)
  set_float_mode(with(float_mode(), subnormals));
}

}  // namespace

std::size_t staging_bytes(std::size_t bytes) {
  constexpr std::size_t kLeast = std::size_t{64} << 20U;
  return std::max(kLeast, std::bit_ceil(bytes));
}

constexpr MemoryPool::Source kSystemMemory{.allocate = allocate, .release = release};

KernelScope::KernelScope(const Context& context, Subnormals subnormals)
    : threads_before_(omp_get_max_threads()), float_mode_before_(float_mode()) {
  if (threads_before_ != context.threads) omp_set_num_threads(context.threads);
  prepare_helpers(context.threads, subnormals);
  set_float_mode(with(float_mode_before_, subnormals));
}

KernelScope::~KernelScope() {
  set_float_mode(float_mode_before_);
  if (omp_get_max_threads() != threads_before_) omp_set_num_threads(threads_before_);
}

SystemBlock::SystemBlock(Device& device, std::size_t bytes)
    : data_(allocate(bytes)), bytes_(bytes) {
  if (data_ == nullptr) {
    device.memory().trim();
    data_ = allocate(bytes);
  }
  require(data_ != nullptr, Fault::out_of_memory, "out of memory: no {} MiB for a weight",
          bytes >> 20U);
}

SystemBlock::~SystemBlock() {
  if (data_ != nullptr) release(data_, bytes_);
}

SystemBlock::SystemBlock(SystemBlock&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

SystemBlock& SystemBlock::operator=(SystemBlock&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace sagitta::cpu
