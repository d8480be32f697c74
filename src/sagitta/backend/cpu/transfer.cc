#include "sagitta/backend/cpu/transfer.h"

#include "sagitta/backend/cpu/simd.h"
#include "sagitta/base/error.h"

#include <cstring>
#include <span>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  // elements: large against the cost of waking a thread

struct ConvertBody {
  template <class From, class To>
  [[gnu::always_inline]] static void run(const From* source, To* __restrict out,
                                         std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) store(to_float(source[i]), &out[i]);
  }
};

template <class From, class To>
void convert(const From* source, To* out, std::int64_t count) {
  parallel_ranges(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for_best_isa<ConvertBody>(source + begin, out + begin, end - begin);
  });
}

}  // namespace

void upload(const float* host, Tensor& out) {
  switch (out.dtype()) {
    case DType::f32:
      std::memcpy(out.data<float>(), host, out.bytes());
      return;
    case DType::bf16:
      return convert(host, out.data<Bf16>(), out.size());
    case DType::f16: {
      auto* to = out.data<std::uint16_t>();
      parallel_ranges(out.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) to[i] = f32_to_f16(host[i]);
      });
      return;
    }
    case DType::f64: {
      auto* to = out.data<double>();
      for (std::int64_t i = 0; i < out.size(); ++i) to[i] = host[i];
      return;
    }
    default:
      throw Error(Fault::internal,
                  fmt::format("upload: cannot convert to {}", name_of(out.dtype())));
  }
}

void download(const Tensor& x, float* host) {
  if (x.dtype() == DType::bf16) return convert(x.data<Bf16>(), host, x.size());
  const auto* source = x.data<std::byte>();
  const std::size_t element = size_of(x.dtype());
  parallel_ranges(x.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    widen(source + static_cast<std::size_t>(begin) * element, x.dtype(),
          std::span(host + begin, static_cast<std::size_t>(end - begin)));
  });
}

}  // namespace sagitta::cpu
