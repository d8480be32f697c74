#include "sagitta/diffusion/sample.h"
#include "sagitta/diffusion/vae.h"
#include "sagitta/nodes/families.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kPixelsPerCell = 8;
constexpr std::int64_t kLatentChannels = 4;

Json size_options(const char* tip) {
  return {{"default", 512}, {"min", 16}, {"max", 16384}, {"step", 8}, {"tooltip", tip}};
}

void check_size(const NodeCall& call) {
  for (const char* side : {"width", "height"}) {
    if (!call.has(side)) continue;
    const std::int64_t pixels = call.integer(side);
    require(pixels % kPixelsPerCell == 0, Fault::bad_input,
            "{} = {} is not divisible by {}; the nearest sizes are {} and {}", side, pixels,
            kPixelsPerCell, pixels / kPixelsPerCell * kPixelsPerCell,
            (pixels / kPixelsPerCell + 1) * kPixelsPerCell);
  }
}

graph::NodeDef empty_latent_image() {
  return {.id = "EmptyLatentImage",
          .display_name = "Empty Latent Image",
          .category = "model/latent",
          .description = "Empty latents, to be filled by a sampler.",
          .inputs = graph::inputs(
              graph::input("width", "INT", size_options("Width of the pictures in pixels.")),
              graph::input("height", "INT", size_options("Height of the pictures in pixels.")),
              graph::input("batch_size", "INT",
                           {{"default", 1}, {"min", 1}, {"max", 4096}, {"tooltip", "How many pictures."}})),
          .outputs = {{.type = "LATENT"}},
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {Latent{
                        .samples = Array({call.integer("batch_size"), kLatentChannels,
                                          call.integer("height") / kPixelsPerCell,
                                          call.integer("width") / kPixelsPerCell})}}};
          },
          .check = check_size};
}

graph::NodeDef vae_decode() {
  return {.id = "VAEDecode",
          .display_name = "VAE Decode",
          .category = "model/latent",
          .description = "Turns latents into pictures.",
          .inputs = graph::inputs(graph::socket("samples", "LATENT", "The latents."),
                                  graph::socket("vae", "VAE", "The autoencoder.")),
          .outputs = {{.type = "IMAGE"}},
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {decode(call.get<Vae>("vae"), call.get<Latent>("samples").samples)}};
          }};
}

graph::NodeDef vae_encode() {
  return {.id = "VAEEncode",
          .display_name = "VAE Encode",
          .category = "model/latent",
          .description = "Turns pictures into latents.",
          .inputs = graph::inputs(graph::socket("pixels", "IMAGE"), graph::socket("vae", "VAE")),
          .outputs = {{.type = "LATENT"}},
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {Latent{
                        .samples = encode(call.get<Vae>("vae"), call.get<Array>("pixels"))}}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> latent_nodes() {
  return {vae_decode(), vae_encode(), empty_latent_image()};
}

}  // namespace sagitta::nodes
