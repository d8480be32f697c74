#include "sagitta/backend/cuda/context.h"

#include "sagitta/backend/cuda/conv2d_wgmma.h"
#include "sagitta/base/error.h"

#include <array>
#include <utility>

namespace sagitta::cuda {
namespace {

// What cuBLASLt's split products want on recent processors.
constexpr std::size_t kWorkspace = std::size_t{32} << 20U;

// A source knows no context, so each device has functions of its own. What was current before may
// be another device: the pool of one may be asked between kernels of another.
template <std::size_t kOrdinal>
constexpr MemoryPool::Source kSource{
    .allocate = [](std::size_t bytes) -> void* {
      void* block = nullptr;
      if (cudaSetDevice(static_cast<int>(kOrdinal)) == cudaSuccess &&
          cudaMalloc(&block, bytes) == cudaSuccess) {
        return block;
      }
      static_cast<void>(cudaGetLastError());  // the pool reports it
      return nullptr;
    },
    .release =
        [](void* block, std::size_t /*bytes*/) {
          static_cast<void>(cudaSetDevice(static_cast<int>(kOrdinal)));
          static_cast<void>(cudaFree(block));
        },
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
  throw Error(Fault::internal,
              fmt::format("cuBLASLt: {}: {}", what, cublasLtGetStatusString(status)));
}

Block::Block(std::size_t bytes) : bytes_(bytes) {
  check(cudaMalloc(&data_, bytes), fmt::format("no {} MiB more", bytes >> 20U));
}

Block::~Block() {
  if (data_ != nullptr) static_cast<void>(cudaFree(data_));
}

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Context::Context(int which) : ordinal(which) {
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
  workspace = Block(kWorkspace);
}

Context::~Context() {
  if (blas != nullptr) cublasLtDestroy(blas);
  if (stream != nullptr) cudaStreamDestroy(stream);
}

MemoryPool::Source memory_source(int ordinal) {
  return kSources.at(static_cast<std::size_t>(ordinal));
}

}  // namespace sagitta::cuda
