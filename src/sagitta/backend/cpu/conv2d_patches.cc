#include "sagitta/backend/cpu/conv2d_patches.h"

#include "sagitta/backend/cpu/simd.h"

#include <cstring>

namespace sagitta::cpu {

void gather_pixels(const Tensor& x, int stride, int pad_before, const Tensor& out, void* to) {
  const std::int64_t height = x.dim(1);
  const std::int64_t width = x.dim(2);
  const std::size_t pixel = static_cast<std::size_t>(x.dim(3)) * size_of(x.dtype());
  const std::byte* const source = x.data<std::byte>();
  auto* const target = static_cast<std::byte*>(to);
  const std::int64_t out_height = out.dim(1);
  const std::int64_t out_width = out.dim(2);
  parallel_ranges(out.dim(0) * out_height, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t line = begin; line < end; ++line) {
      const std::int64_t y = line % out_height * stride - pad_before;
      const std::int64_t first = (line / out_height * height + y) * width;
      for (std::int64_t column = 0; column < out_width; ++column) {
        const std::int64_t x_at = column * stride - pad_before;
        std::byte* const row = target + static_cast<std::size_t>(line * out_width + column) * pixel;
        const bool inside = y >= 0 && y < height && x_at >= 0 && x_at < width;
        if (inside) {
          std::memcpy(row, source + static_cast<std::size_t>(first + x_at) * pixel, pixel);
        } else {
          std::memset(row, 0, pixel);
        }
      }
    }
  });
}

}  // namespace sagitta::cpu
