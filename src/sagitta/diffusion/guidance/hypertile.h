// HyperTile (tfernd 2023): self-attention of fine levels inside tiles of the picture, which saves
// most of its cost at large sizes. The tiling changes from layer to layer, so that no seams stay.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/base/rng.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct HyperTileParams {
  int tile_size = 256;
  int swap_size = 2;
  int max_depth = 0;
  bool scale_depth = false;

  static constexpr auto fields() {
    return std::tuple{
        field("tile_size", &HyperTileParams::tile_size, {.min = 1, .max = 2048, .step = 0},
              "Smallest side of a tile in pixels; at least 32."),
        field("swap_size", &HyperTileParams::swap_size, {.min = 1, .max = 128, .step = 0},
              "How many tilings are taken turns with."),
        field("max_depth", &HyperTileParams::max_depth, {.min = 0, .max = 10, .step = 0},
              "Down to which level there are tiles; 0 is the finest alone."),
        field("scale_depth", &HyperTileParams::scale_depth, {},
              "Keeps the number of tiles instead of their size in tokens at coarser levels.")};
  }
};

// In two things this follows upstream rather than the idea: it takes the rows of the token grid for
// its columns (the same for square latents), and while the queries lie in tiles, the keys and
// values that a tile sees are a strip of whole rows of the same size. Draws from the run's
// generator (RunScratch::rng), as upstream from torch's.
[[nodiscard]] Model with_hypertile(Model model, const HyperTileParams& params);

namespace hypertile {

// Into how many tiles a side of `size` tokens is cut: one of the first `swap_size` numbers that
// divide it into tiles of at least `least` tokens. Of n > 1 choices the first n - 1 are drawn from,
// so two leave no choice; a single one draws nothing.
[[nodiscard]] std::int64_t draw_tiles(std::int64_t size, std::int64_t least, int swap_size,
                                      TorchRng& rng);

}  // namespace hypertile
}  // namespace sagitta
