#include "sagitta/backend/cpu/elementwise.h"

#include "sagitta/backend/cpu/activations.h"
#include "sagitta/backend/cpu/simd.h"

#include <cstring>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  // elements: large against the cost of waking a thread

struct AxpbyBody {
  template <class T>
  [[gnu::always_inline]] static void run(float a, const T* x, float b, const T* y,
                                         T* __restrict out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      store(a * to_float(x[i]) + b * to_float(y[i]), &out[i]);
    }
  }
};

template <class T>
void axpby_of(float a, const Tensor& x, float b, const Tensor& y, Tensor& out) {
  const T* x_data = x.data<T>();
  const T* y_data = y.data<T>();
  T* out_data = out.data<T>();
  parallel_ranges(out.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for_best_isa<AxpbyBody>(a, x_data + begin, b, y_data + begin, out_data + begin, end - begin);
  });
}

template <class Function>
struct MapBody {
  template <class T>
  [[gnu::always_inline]] static void run(const T* x, T* __restrict out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) store(Function::of(to_float(x[i])), &out[i]);
  }
};

template <class Function, class T>
void map_of(const Tensor& x, Tensor& out) {
  const T* x_data = x.data<T>();
  T* out_data = out.data<T>();
  parallel_ranges(out.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for_best_isa<MapBody<Function>>(x_data + begin, out_data + begin, end - begin);
  });
}

template <class Function>
void map(const Tensor& x, Tensor& out) {
  if (x.dtype() == DType::bf16) {
    map_of<Function, Bf16>(x, out);
  } else {
    map_of<Function, float>(x, out);
  }
}

struct GeluInPlace {
  [[gnu::always_inline]] static void run(Bf16* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) store(short_gelu(to_float(values[i])), &values[i]);
  }
};

}  // namespace

void concat_channels(const Tensor& a, const Tensor& b, Tensor& out) {
  const std::size_t a_row = static_cast<std::size_t>(a.shape().back()) * size_of(a.dtype());
  const std::size_t b_row = static_cast<std::size_t>(b.shape().back()) * size_of(b.dtype());
  const std::int64_t rows = a.size() / a.shape().back();
  const auto* a_data = a.data<std::byte>();
  const auto* b_data = b.data<std::byte>();
  auto* target = out.data<std::byte>();
  parallel_ranges(rows, rows_per_block(a_row + b_row), [&](std::int64_t begin, std::int64_t end) {
    for (auto r = static_cast<std::size_t>(begin); r < static_cast<std::size_t>(end); ++r) {
      std::byte* to = target + r * (a_row + b_row);
      std::memcpy(to, a_data + r * a_row, a_row);
      std::memcpy(to + a_row, b_data + r * b_row, b_row);
    }
  });
}

void axpby(float a, const Tensor& x, float b, const Tensor& y, Tensor& out) {
  if (x.dtype() == DType::bf16) {
    axpby_of<Bf16>(a, x, b, y, out);
  } else {
    axpby_of<float>(a, x, b, y, out);
  }
}

void activate(Activation activation, const Tensor& x, Tensor& out) {
  switch (activation) {
    case Activation::none:
      std::memcpy(out.data<std::byte>(), x.data<std::byte>(), x.bytes());
      return;
    case Activation::silu:
      return x.dtype() == DType::bf16 ? map_of<ShortSilu, Bf16>(x, out)
                                      : map_of<Silu, float>(x, out);
    case Activation::gelu:
      return x.dtype() == DType::bf16 ? map_of<ShortGelu, Bf16>(x, out)
                                      : map_of<Gelu, float>(x, out);
    case Activation::quick_gelu:
      return map<QuickGelu>(x, out);
    case Activation::relu:
      return map<Relu>(x, out);
    case Activation::tanh:
      return map<Tanh>(x, out);
  }
}

void gelu_bf16(void* values, std::int64_t count) {
  auto* const data = static_cast<Bf16*>(values);
  parallel_ranges(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for_best_isa<GeluInPlace>(data + begin, end - begin);
  });
}

}  // namespace sagitta::cpu
