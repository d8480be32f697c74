// make_checkpoint ARCH FILE [SEED]: writes a checkpoint of random f16 weights in the single-file
// layout of a published architecture, to test loading and speed at full size without a download.
#include "sagitta/base/error.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/layouts/text.h"
#include "sagitta/models/presets.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/models/save.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/models/vae/vae.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sagitta::models {
namespace {

template <class Module>
StateDict random_weights(Module module, std::uint64_t seed) {
  RandomWeights weights(nullptr, seed);
  module.params(weights);
  return weights.tensors();
}

void add(io::TensorSources& all, const io::TensorSources& tensors, std::string_view prefix) {
  for (const auto& [name, source] : tensors) all[std::string(prefix) + name] = source;
}

io::TensorSources sources_of(const StateDict& tensors) { return weight_sources(Weights(tensors)); }

// Families with a fixed number of heads store the projections around their transformers as 1x1
// kernels, and so are recognised.
StateDict unet_weights(const UnetSpec& spec, std::uint64_t seed) {
  StateDict tensors = random_weights(Unet(spec), seed);
  for (auto& [name, tensor] : tensors) {
    const bool projection = name.ends_with("proj_in.weight") || name.ends_with("proj_out.weight");
    if (spec.heads > 0 && projection) tensor.shape.insert(tensor.shape.end(), {1, 1});
  }
  return tensors;
}

void make_checkpoint(const std::string& arch, const std::string& file, std::uint64_t seed) {
  const Preset& preset = find_preset(arch);
  io::TensorSources tensors;
  add(tensors, sources_of(unet_weights(preset.model.unet, seed)), "model.diffusion_model.");
  StateDict vae = random_weights(VaeEncoder(preset.vae), seed + 1);
  vae.merge(random_weights(VaeDecoder(preset.vae), seed + 2));
  add(tensors, sources_of(vae), "first_stage_model.");
  for (const Preset::Text& text : preset.text) {
    const io::TensorSources encoder = sources_of(random_weights(ClipTextModel(text.spec), ++seed + 2));
    add(tensors, text.openclip ? openclip_names(encoder) : encoder, text.prefix);
  }
  io::write_safetensors(file, tensors, {{"what", "random weights in the layout of " + arch}});
}

}  // namespace
}  // namespace sagitta::models

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fputs("usage: make_checkpoint ARCH FILE [SEED]\n", stderr);
    return 2;
  }
  try {
    sagitta::models::make_checkpoint(argv[1], argv[2],
                                     argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_checkpoint: %s\n", error.what());
    return 1;
  }
}
