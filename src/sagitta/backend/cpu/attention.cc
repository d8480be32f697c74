#include "sagitta/backend/cpu/attention.h"

#include "sagitta/backend/cpu/attention_path.h"
#include "sagitta/backend/cpu/simd.h"
#include "sagitta/base/error.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

#include <omp.h>

#include <algorithm>
#include <cassert>
#include <memory>

namespace sagitta::cpu {
namespace {

constexpr const AttentionPath* kPaths[] = {
    &kAttentionAmx,     &kAttentionBf16Dot,  &kAttentionAvx512F32,  &kAttentionAvx512Bf16,
    &kAttentionAvx2F32, &kAttentionAvx2Bf16, &kAttentionGenericF32, &kAttentionGenericBf16,
};

constexpr std::int64_t kReceiveKeys = 256;
// Fewer multiplications than this are not worth waking other threads for.
constexpr std::int64_t kParallelWork = 1 << 18;

// Memory of a device's pool for the time of a call, aligned for vectors.
class Scratch {
 public:
  Scratch(Device& device, std::size_t bytes)
      : memory_(device.memory()),
        bytes_(bytes + kAttentionAlignment),
        block_(memory_.take(bytes_)) {}
  ~Scratch() { memory_.give(block_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::byte* data() const {
    void* aligned = block_;
    std::size_t room = bytes_;
    return static_cast<std::byte*>(
        std::align(kAttentionAlignment, bytes_ - kAttentionAlignment, aligned, room));
  }

 private:
  MemoryPool& memory_;
  std::size_t bytes_;
  void* block_;
};

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAttentionAlignment - 1) / kAttentionAlignment * kAttentionAlignment;
}

struct Call {
  const AttentionPath& path;
  AttentionProblem problem;
  std::int64_t samples;
  Device& device;
  int threads;
};

// Splits `length` into tasks of `step` for every sample and head, and runs them on all threads,
// each with `bytes` of scratch.
template <class Run>
void for_each_task(const Call& call, std::int64_t length, std::int64_t step, std::size_t bytes,
                   const Run& run) {
  const std::int64_t heads = call.problem.heads;
  const std::int64_t parts = divide_up(length, step);
  const std::int64_t tasks = call.samples * heads * parts;
  const int threads = static_cast<int>(std::clamp<std::int64_t>(tasks, 1, call.threads));
  const Scratch scratch(call.device, aligned(bytes) * static_cast<std::size_t>(threads));
  std::byte* const base = scratch.data();
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (std::int64_t i = 0; i < tasks; ++i) {
    const std::int64_t begin = i % parts * step;
    const AttentionTask task{.sample = i / parts / heads,
                             .head = i / parts % heads,
                             .begin = begin,
                             .end = std::min(begin + step, length)};
    run(task, base + aligned(bytes) * static_cast<std::size_t>(omp_get_thread_num()));
  }
}

void attend(const Call& call) {
  const AttentionProblem& problem = call.problem;
  const std::int64_t blocks = divide_up(problem.queries, call.path.block_rows);
  const std::int64_t block_bytes = 2 * 4 * call.path.block_rows * problem.head_size;
  const std::int64_t cached =
      std::clamp<std::int64_t>(call.path.cache_bytes / block_bytes, 1, call.path.most_blocks);
  // Enough tasks to keep all threads busy to the end. The split does not change a result.
  const std::int64_t spread = blocks * problem.heads * call.samples / (4 * call.threads);
  const std::int64_t step = std::clamp<std::int64_t>(spread, 1, cached);
  for_each_task(call, blocks, step, call.path.attend_scratch(problem, step),
                [&](const AttentionTask& task, std::byte* scratch) {
                  call.path.attend(problem, task, scratch);
                });
}

// Sums per head first, then over heads in order: the result does not depend on who was first.
void receive(const Call& call, float* received) {
  const AttentionProblem& problem = call.problem;
  const std::int64_t step = std::min(kReceiveKeys, problem.keys);
  const Scratch sums(
      call.device,
      static_cast<std::size_t>(call.samples * problem.heads * problem.keys) * sizeof(float));
  auto* const by_head = reinterpret_cast<float*>(sums.data());
  for_each_task(call, problem.keys, step, call.path.receive_scratch(problem, step),
                [&](const AttentionTask& task, std::byte* scratch) {
                  const std::int64_t row = task.sample * problem.heads + task.head;
                  call.path.receive(problem, task, scratch,
                                    by_head + row * problem.keys + task.begin);
                });
  for (std::int64_t sample = 0; sample < call.samples; ++sample) {
    for (std::int64_t key = 0; key < problem.keys; ++key) {
      float total = 0;
      for (std::int64_t head = 0; head < problem.heads; ++head) {
        total += by_head[(sample * problem.heads + head) * problem.keys + key];
      }
      received[sample * problem.keys + key] = total / static_cast<float>(problem.heads);
    }
  }
}

}  // namespace

std::span<const AttentionPath* const> attention_paths() { return kPaths; }

void attention_on(const AttentionPath& path, const AttentionArgs& args, Tensor& out) {
  const std::int64_t samples = args.q.dim(0);
  const std::int64_t width = args.q.dim(2);
  Call call{.path = path,
            .problem = {.q = args.q.data<std::byte>(),
                        .k = args.k.data<std::byte>(),
                        .v = args.v.data<std::byte>(),
                        .out = out.data<std::byte>(),
                        .queries = args.q.dim(1),
                        .keys = args.k.dim(1),
                        .heads = args.heads,
                        .head_size = width / args.heads,
                        .scale = args.scale,
                        .causal = args.causal,
                        .row_max = nullptr,
                        .row_weight = nullptr},
            .samples = samples,
            .device = out.device(),
            .threads = omp_get_max_threads()};
  assert(path.usable() && args.q.dtype() == path.dtype && out.dtype() == path.dtype);
  if (out.size() == 0) return;
  if (samples * args.q.dim(1) * args.k.dim(1) * width < kParallelWork) call.threads = 1;
  if (args.received == nullptr) return attend(call);
  const std::int64_t rows = samples * args.heads * args.q.dim(1);
  const Scratch normalisers(out.device(), static_cast<std::size_t>(2 * rows) * sizeof(float));
  call.problem.row_max = reinterpret_cast<float*>(normalisers.data());
  call.problem.row_weight = call.problem.row_max + rows;
  attend(call);
  receive(call, args.received->data<float>());
}

void attention(const AttentionArgs& args, Tensor& out) {
  for (const AttentionPath* path : kPaths) {
    if (path->dtype == args.q.dtype() && path->usable()) return attention_on(*path, args, out);
  }
  throw Error(Fault::internal, fmt::format("attention: no path for {}", name_of(args.q.dtype())));
}

}  // namespace sagitta::cpu
