// The VAE's two ways for pictures of any size in bounded memory: tiles instead of the whole.
//
// As upstream has it, the result is the mean of three passes with tiles of size x size, half x
// double and double x half, so that no two passes have their seams in one place.
#pragma once

#include "sagitta/diffusion/vae.h"

#include <functional>

namespace sagitta {

// In cells of the latent for decoding, in pixels for encoding.
struct TileParams {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t overlap = 0;
};

// Called before every tile; throws Error{cancelled} to stop.
using TileCallback = std::function<void(std::int64_t done, std::int64_t total)>;

// As decode(), which it equals for latents that fit into a tile of half the width and half the
// height. Throws bad_input for tiles below 2 and for an overlap that is not less than half a tile,
// where that matters.
[[nodiscard]] Array decode_tiled(const Vae& vae, const Array& latents, const TileParams& tiles,
                                 const TileCallback& on_tile = {});

// As encode(), likewise.
[[nodiscard]] Array encode_tiled(const Vae& vae, const Array& images, const TileParams& tiles,
                                 const TileCallback& on_tile = {});

}  // namespace sagitta
