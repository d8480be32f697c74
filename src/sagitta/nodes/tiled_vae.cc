// The VAE's two ways in tiles, for pictures that would not fit into memory as a whole.
#include "sagitta/diffusion/vae_tiled.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"
#include "sagitta/nodes/latent_inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kMostTile = 4096;

std::vector<graph::Input> tile_widgets(std::int64_t step) {
  return graph::inputs(
      advanced(with_tip(int_widget("tile_size", 512, 64, kMostTile, step),
                        "Side of a tile in pixels: smaller ones need less memory.")),
      advanced(with_tip(int_widget("overlap", 64, 0, kMostTile, 32),
                        "Pixels over which neighbouring tiles are blended.")),
      advanced(with_tip(int_widget("temporal_size", 64, 8, kMostTile, 4),
                        "Frames of a tile; without effect on pictures.")),
      advanced(with_tip(int_widget("temporal_overlap", 8, 4, kMostTile, 4),
                        "Frames that overlap; without effect on pictures.")));
}

TileCallback report_tiles(const NodeCall& call) {
  return [&call](std::int64_t done, std::int64_t total) { call.progress(done, total); };
}

NodeResult run_decode(const NodeCall& call) {
  const auto& vae = call.get<Vae>("vae");
  const std::int64_t tile = call.integer("tile_size");
  const std::int64_t overlap = std::min(call.integer("overlap"), tile / 4);
  const std::int64_t factor = vae.spec.downscale();
  return {.values = {decode_tiled(
              vae, latent_of(call, "samples").samples,
              {.width = tile / factor, .height = tile / factor, .overlap = overlap / factor},
              report_tiles(call))}};
}

// An overlap that leaves half a tile no step forward becomes what decoding would make of it.
NodeResult run_encode(const NodeCall& call) {
  const std::int64_t tile = call.integer("tile_size");
  std::int64_t overlap = call.integer("overlap");
  if (overlap >= tile / 2) overlap = tile / 4;
  return {
      .values = {Latent{.samples = encode_tiled(call.get<Vae>("vae"), call.get<Array>("pixels"),
                                                {.width = tile, .height = tile, .overlap = overlap},
                                                report_tiles(call))}}};
}

}  // namespace

std::vector<graph::NodeDef> tiled_vae_nodes() {
  return {{.id = "VAEDecodeTiled",
           .display_name = "VAE Decode (Tiled)",
           .category = "model/latent",
           .description = "Turns latents into pictures tile by tile, in bounded memory.",
           .inputs = graph::inputs(graph::socket("samples", "LATENT"), graph::socket("vae", "VAE"),
                                   tile_widgets(32)),
           .outputs = {{.type = "IMAGE"}},
           .run = run_decode},
          {.id = "VAEEncodeTiled",
           .display_name = "VAE Encode (Tiled)",
           .category = "model/latent",
           .description = "Turns pictures into latents tile by tile, in bounded memory.",
           .inputs = graph::inputs(graph::socket("pixels", "IMAGE"), graph::socket("vae", "VAE"),
                                   tile_widgets(64)),
           .outputs = {{.type = "LATENT"}},
           .run = run_encode}};
}

}  // namespace sagitta::nodes
