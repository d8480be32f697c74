#include "sagitta/backend/cuda/context.h"

#include "sagitta/backend/cuda/conv2d_wgmma.h"
#include "sagitta/base/error.h"

#include <array>
#include <utility>

namespace sagitta::cuda {
namespace {

// Null where there is no more. Whatever else went wrong is reported as what it is.
void* allocate(int ordinal, std::size_t bytes) {
  check(cudaSetDevice(ordinal), "the device");
  void* block = nullptr;
  const cudaError_t status = cudaMalloc(&block, bytes);
  if (status == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());  // the caller reports it
    return nullptr;
  }
  check(status, "device memory");
  return block;
}

void release(int ordinal, void* block) noexcept {
  static_cast<void>(cudaSetDevice(ordinal));
  static_cast<void>(cudaFree(block));
}

// A source knows no context, so each device has functions of its own. What was current before may
// be another device: the pool of one may be asked between kernels of another.
template <std::size_t kOrdinal>
constexpr MemoryPool::Source kSource{
    .allocate = [](std::size_t bytes) { return allocate(static_cast<int>(kOrdinal), bytes); },
    .release = [](void* block,
                  std::size_t /*bytes*/) { release(static_cast<int>(kOrdinal), block); },
    .release_waits = true,
};

template <std::size_t... kOrdinals>
constexpr std::array<MemoryPool::Source, sizeof...(kOrdinals)> sources(
    std::index_sequence<kOrdinals...> /*ordinals*/) {
  return {kSource<kOrdinals>...};
}

constexpr auto kSources = sources(std::make_index_sequence<kMostDevices>());

}  // namespace

void check(cudaError_t status, std::string_view what) {
  if (status == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // it is reported here and not once more by the next call
  throw Error(status == cudaErrorMemoryAllocation ? Fault::out_of_memory : Fault::internal,
              fmt::format("CUDA: {}: {}", what, cudaGetErrorString(status)));
}

void check(cublasStatus_t status, std::string_view what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(status == CUBLAS_STATUS_ALLOC_FAILED ? Fault::out_of_memory : Fault::internal,
              fmt::format("cuBLASLt: {}: {}", what, cublasLtGetStatusString(status)));
}

Block::Block(Device& device, std::size_t bytes)
    : ordinal_(device.context<Context>().ordinal), data_(allocate(ordinal_, bytes)), bytes_(bytes) {
  if (data_ == nullptr) {
    device.memory().trim();
    data_ = allocate(ordinal_, bytes);
  }
  require(data_ != nullptr, Fault::out_of_memory, "out of memory: no {} MiB for a weight on '{}'",
          bytes >> 20U, device.name());
}

Block::~Block() {
  if (data_ != nullptr) release(ordinal_, data_);
}

Block::Block(Block&& other) noexcept
    : ordinal_(other.ordinal_),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(ordinal_, other.ordinal_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Context::Context(int which) : ordinal(which) {
  try {
    check(cudaSetDevice(ordinal), fmt::format("device {}", ordinal));
    const auto attribute = [&](cudaDeviceAttr name) {
      int value = 0;
      check(cudaDeviceGetAttribute(&value, name, ordinal), "an attribute of the device");
      return value;
    };
    processors = attribute(cudaDevAttrMultiProcessorCount);
    wgmma = has_wgmma(attribute(cudaDevAttrComputeCapabilityMajor),
                      attribute(cudaDevAttrComputeCapabilityMinor));
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream");
    check(cublasLtCreate(&blas), "a handle");
    check(cudaMalloc(&workspace, kWorkspaceBytes), "memory for products");
  } catch (...) {
    release();
    throw;
  }
}

Context::~Context() { release(); }

void Context::release() noexcept {
  static_cast<void>(cudaSetDevice(ordinal));
  if (workspace != nullptr) static_cast<void>(cudaFree(workspace));
  if (blas != nullptr) static_cast<void>(cublasLtDestroy(blas));
  if (stream != nullptr) static_cast<void>(cudaStreamDestroy(stream));
}

void copy_to_device(Device& device, const void* from, void* to, std::size_t bytes) {
  const cudaStream_t stream = device.context<Context>().stream;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream), "values to the device");
  check(cudaStreamSynchronize(stream), "values to the device");
}

MemoryPool::Source memory_source(int ordinal) {
  return kSources.at(static_cast<std::size_t>(ordinal));
}

}  // namespace sagitta::cuda
