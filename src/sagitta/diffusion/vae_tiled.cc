#include "sagitta/diffusion/vae_tiled.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/tiles.h"
#include "sagitta/image/batch.h"

#include <array>
#include <utility>

namespace sagitta {
namespace {

struct Pass {
  std::vector<Piece> rows;
  std::vector<Piece> cols;

  [[nodiscard]] std::int64_t tiles() const {
    return static_cast<std::int64_t>(rows.size() * cols.size());
  }
};

// The three ways to cut a plane; none if it fits into a tile in each of them.
std::vector<Pass> make_passes(std::int64_t height, std::int64_t width, const TileParams& tiles,
                              const TileScale& scale) {
  require(tiles.width >= 2 && tiles.height >= 2, Fault::bad_input,
          "tiles of {}x{} are too small: their halves have no size", tiles.width, tiles.height);
  const std::array<std::pair<std::int64_t, std::int64_t>, 3> sizes{
      {{tiles.width / 2, tiles.height * 2},
       {tiles.width * 2, tiles.height / 2},
       {tiles.width, tiles.height}}};
  bool needed = false;
  std::vector<Pass> passes;
  for (const auto& [tile_width, tile_height] : sizes) {
    const TileAxis rows{.length = height, .tile = tile_height, .overlap = tiles.overlap};
    const TileAxis cols{.length = width, .tile = tile_width, .overlap = tiles.overlap};
    needed |= needs_tiles(rows, cols);
    passes.push_back({.rows = make_pieces(rows, scale), .cols = make_pieces(cols, scale)});
  }
  return needed ? passes : std::vector<Pass>{};
}

// What `run` makes of every item of x (B, C, H, W): the mean of the passes.
template <class Run>
Array mean_of_passes(const Array& x, const std::vector<Pass>& passes, const Shape& item_shape,
                     const TileCallback& on_tile, const Run& run) {
  std::int64_t total = 0;
  for (const Pass& pass : passes) total += pass.tiles() * x.dim(0);
  std::int64_t done = 0;
  const auto counted = [&](const Array& tile) {
    if (on_tile) on_tile(done++, total);
    return run(tile);
  };
  std::vector<Array> items;
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const Array item = x.slice(i, 1);
    Array sum(item_shape);
    for (const Pass& pass : passes) add_tiles(sum, item, pass.rows, pass.cols, counted);
    items.push_back(std::move(sum) / static_cast<float>(passes.size()));
  }
  return items.size() == 1 ? std::move(items.front()) : concat(items);
}

}  // namespace

Array decode_tiled(const Vae& vae, const Array& latents, const TileParams& tiles,
                   const TileCallback& on_tile) {
  require_decodable(vae, latents);
  const std::int64_t factor = vae.spec.downscale();
  const std::vector<Pass> passes =
      make_passes(latents.dim(2), latents.dim(3), tiles, {.times = factor});
  if (passes.empty()) return decode(vae, latents);
  const Shape item{1, vae.spec.image_channels, latents.dim(2) * factor, latents.dim(3) * factor};
  return clamp_picture(
      to_channels_last(mean_of_passes(latents, passes, item, on_tile, [&](const Array& tile) {
        return to_channels_first(decode_raw(vae, tile));
      })));
}

Array encode_tiled(const Vae& vae, const Array& images, const TileParams& tiles,
                   const TileCallback& on_tile) {
  const std::int64_t factor = vae.spec.downscale();
  const Array fitting = crop_to_multiple(images, factor);
  const std::vector<Pass> passes =
      make_passes(fitting.dim(1), fitting.dim(2), tiles, {.divided = factor});
  if (passes.empty()) return encode(vae, images);
  const Shape item{1, vae.spec.latent_channels, fitting.dim(1) / factor, fitting.dim(2) / factor};
  return mean_of_passes(to_channels_first(fitting), passes, item, on_tile, [&](const Array& tile) {
    return latent_mean(vae, encode_moments(vae, to_channels_last(tile)));
  });
}

}  // namespace sagitta
