#include "sagitta/diffusion/guidance/hypertile.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace sagitta {
namespace {

// A grid cut into down * across tiles of equal size.
struct Tiling {
  Grid tile;
  std::int64_t down;
  std::int64_t across;

  [[nodiscard]] std::int64_t count() const { return down * across; }
};

// The level whose tokens, as a fraction of the input's cells, these are.
std::optional<int> depth_of(std::int64_t tokens, Grid input, int max_depth) {
  for (int depth = 0; depth <= max_depth; ++depth) {
    const double shrink = std::ldexp(1.0, -depth);
    const double cells =
        (static_cast<double>(input.rows) * shrink) * (static_cast<double>(input.cols) * shrink);
    if (cells == static_cast<double>(tokens)) return depth;
  }
  return std::nullopt;
}

std::optional<Tiling> tiling_of(const AttnCall& call, const HyperTileParams& params) {
  constexpr int kLeastPixels = 32;
  constexpr int kPixelsPerCell = 8;
  const std::int64_t tokens = call.q.dim(1);
  const Grid input = call.layer.input;
  const std::optional<int> depth = depth_of(tokens, input, params.max_depth);
  if (!depth || call.layer.pass.scratch == nullptr) return std::nullopt;
  const double aspect = static_cast<double>(input.cols) / static_cast<double>(input.rows);
  const auto count = static_cast<double>(tokens);
  const auto rows = static_cast<std::int64_t>(std::nearbyint(std::sqrt(count * aspect)));
  const auto cols = static_cast<std::int64_t>(std::nearbyint(std::sqrt(count / aspect)));
  if (rows * cols != tokens) return std::nullopt;
  const std::int64_t least = std::max(kLeastPixels, params.tile_size) / kPixelsPerCell *
                             (params.scale_depth ? std::int64_t{1} << *depth : 1);
  TorchRng& rng = call.layer.pass.scratch->rng();
  const std::int64_t down = hypertile::draw_tiles(rows, least, params.swap_size, rng);
  const std::int64_t across = hypertile::draw_tiles(cols, least, params.swap_size, rng);
  return Tiling{
      .tile = {.rows = rows / down, .cols = cols / across}, .down = down, .across = across};
}

// Copies between (B, rows*cols, width) and (B*tiles, tile rows*tile cols, width).
Tensor regroup(const Tensor& x, const Tiling& tiling, bool into_tiles) {
  const Array from = download(x);
  const std::int64_t width = x.dim(2);
  const std::int64_t tokens = tiling.count() * tiling.tile.rows * tiling.tile.cols;
  const std::int64_t samples = x.dim(0) * x.dim(1) / tokens;
  Array to(into_tiles ? Shape{samples * tiling.count(), tokens / tiling.count(), width}
                      : Shape{samples, tokens, width});
  const std::int64_t cols = tiling.tile.cols * tiling.across;
  const std::int64_t run = tiling.tile.cols * width;  // a row of a tile lies together in both
  std::int64_t tiled = 0;
  for (std::int64_t b = 0; b < samples; ++b) {
    for (std::int64_t i = 0; i < tiling.count(); ++i) {
      const std::int64_t left = i % tiling.across * tiling.tile.cols;
      const std::int64_t top = i / tiling.across * tiling.tile.rows;
      for (std::int64_t row = 0; row < tiling.tile.rows; ++row, tiled += run) {
        const std::int64_t plain = (b * tokens + (top + row) * cols + left) * width;
        std::copy_n(from.data() + (into_tiles ? plain : tiled), run,
                    to.data() + (into_tiles ? tiled : plain));
      }
    }
  }
  return upload(x.device(), to);
}

Tensor attend_in_tiles(const AttnCall& call, const AttendFn& inner, const HyperTileParams& params) {
  const std::optional<Tiling> tiling = tiling_of(call, params);
  if (!tiling || tiling->count() == 1) return inner(call);
  AttnLayer layer = call.layer;
  layer.grid = tiling->tile;
  // Tokens lie row by row, so a cut into equal parts is one into strips.
  const auto strips = [&](const Tensor& x) {
    return x.reshaped({x.dim(0) * tiling->count(), x.dim(1) / tiling->count(), x.dim(2)});
  };
  const Tensor out = inner({.q = regroup(call.q, *tiling, true),
                            .k = strips(call.k),
                            .v = strips(call.v),
                            .heads = call.heads,
                            .layer = layer});
  return regroup(out, *tiling, false);
}

}  // namespace

Model with_hypertile(Model model, const HyperTileParams& params) {
  model.patches = model.patches.around_attn({.kind = AttnKind::self},
                                            [params](const AttnCall& call, const AttendFn& inner) {
                                              return attend_in_tiles(call, inner, params);
                                            });
  return model;
}

namespace hypertile {

std::int64_t draw_tiles(std::int64_t size, std::int64_t least, int swap_size, TorchRng& rng) {
  std::vector<std::int64_t> choices;
  for (std::int64_t side = std::min(least, size); side <= size; ++side) {
    if (size % side == 0) choices.push_back(size / side);
    if (choices.size() == static_cast<std::size_t>(swap_size)) break;
  }
  if (choices.size() == 1) return choices.front();
  return choices[rng.below(choices.size() - 1)];
}

}  // namespace hypertile
}  // namespace sagitta
