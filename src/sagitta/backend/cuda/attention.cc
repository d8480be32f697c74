#include "sagitta/backend/cuda/attention_flash.h"
#include "sagitta/backend/cuda/blas.h"
#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/kernels.h"
#include "sagitta/backend/cuda/softmax.h"
#include "sagitta/core/device.h"
#include "sagitta/core/tensor.h"

#include <algorithm>

namespace sagitta::cuda {
namespace {

constexpr std::uintptr_t kWordBytes = 16;

bool starts_at_words(const Tensor& x) {
  return reinterpret_cast<std::uintptr_t>(x.data<std::byte>()) % kWordBytes == 0;
}

// One kernel makes logits, weights and results without writing the first two down, where nobody
// asks what keys receive.
bool takes_flash(const AttentionArgs& args, const Tensor& out) {
  const auto size = static_cast<int>(args.q.dim(2) / args.heads);
  return args.q.dtype() == DType::bf16 && args.received == nullptr && args.scale > 0 &&
         flash_takes(size) && starts_at_words(args.q) && starts_at_words(args.k) &&
         starts_at_words(args.v) && starts_at_words(out);
}

void run_flash(const AttentionArgs& args, Tensor& out) {
  const auto& context = out.device().context<Context>();
  check(attention_flash({.q = args.q.data<std::byte>(),
                         .k = args.k.data<std::byte>(),
                         .v = args.v.data<std::byte>(),
                         .out = out.data<std::byte>(),
                         .batch = args.q.dim(0),
                         .queries = args.q.dim(1),
                         .keys = args.k.dim(1),
                         .heads = args.heads,
                         .size = static_cast<int>(args.q.dim(2) / args.heads),
                         .scale = args.scale,
                         .causal = args.causal,
                         .processors = context.processors},
                        context.stream),
        "attention");
}

// Products of matrices around a softmax, for so many queries at a time that logits take little
// memory.
void run_products(const AttentionArgs& args, Tensor& out) {
  constexpr std::int64_t kMostLogits = std::int64_t{32} << 20U;
  constexpr std::int64_t kWord = 8;  // rows of weights start at whole words
  auto& context = out.device().context<Context>();
  const DType type = out.dtype();
  const std::int64_t heads = args.heads;
  const std::int64_t channels = args.q.dim(2);
  const std::int64_t size = channels / heads;
  const std::int64_t queries = args.q.dim(1);
  const std::int64_t keys = args.k.dim(1);
  const std::int64_t stride = (keys + kWord - 1) / kWord * kWord;
  const std::int64_t chunk = std::clamp<std::int64_t>(kMostLogits / (heads * stride), 1, queries);
  Tensor logits(out.device(), {heads, chunk, stride}, DType::f32);
  Tensor weights(out.device(), {heads, chunk, stride});
  const auto element = static_cast<std::int64_t>(size_of(type));
  const auto up_to = [&](const Tensor& x, std::int64_t sample, std::int64_t row) {
    return (sample * x.dim(1) + row) * channels * element;
  };
  const auto rows_of = [&](const Tensor& x, std::int64_t sample, std::int64_t row) {
    return Operand{
        .data = x.data<std::byte>() + up_to(x, sample, row), .stride = channels, .step = size};
  };
  if (args.received != nullptr) {
    check(cudaMemsetAsync(args.received->data<float>(), 0, args.received->bytes(), context.stream),
          "attention");
  }
  for (std::int64_t sample = 0; sample < args.q.dim(0); ++sample) {
    for (std::int64_t first = 0; first < queries; first += chunk) {
      const std::int64_t count = std::min(chunk, queries - first);
      multiply(context,
               {.type = type,
                .out_type = DType::f32,
                .rows = count,
                .cols = keys,
                .depth = size,
                .a = rows_of(args.q, sample, first),
                .b = rows_of(args.k, sample, 0),
                .out = {.data = logits.data<float>(), .stride = stride, .step = count * stride},
                .alpha = args.scale,
                .count = heads});
      const Logits rows{.data = logits.data<float>(),
                        .heads = heads,
                        .queries = count,
                        .keys = keys,
                        .stride = stride,
                        .first_query = first,
                        .causal = args.causal};
      check(softmax(rows, type, weights.data<std::byte>(), context.stream), "attention");
      if (args.received != nullptr) {
        Tensor floats(out.device(), {received_floats(rows)}, DType::f32);
        check(add_received(rows, 1.0F / static_cast<float>(heads), floats.data<float>(),
                           args.received->data<float>() + sample * keys, context.stream),
              "attention");
      }
      multiply(context,
               {.type = type,
                .out_type = type,
                .rows = count,
                .cols = size,
                .depth = keys,
                .a = {.data = weights.data<std::byte>(), .stride = stride, .step = count * stride},
                .b = rows_of(args.v, sample, 0),
                .b_rows_are_columns = false,
                .out = {.data = out.data<std::byte>() + up_to(out, sample, first),
                        .stride = channels,
                        .step = size},
                .count = heads});
    }
  }
}

}  // namespace

void attention(const AttentionArgs& args, Tensor& out) {
  if (takes_flash(args, out)) {
    run_flash(args, out);
  } else {
    run_products(args, out);
  }
}

}  // namespace sagitta::cuda
