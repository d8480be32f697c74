// make_checkpoint ARCH FILE [SEED]: writes a checkpoint of random f16 weights in the single-file
// layout of a published architecture, to test loading and speed at full size without a download.
#include "sagitta/base/error.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/presets.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/models/vae/vae.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sagitta::models {
namespace {

template <class Module>
void add(StateDict& tensors, Module module, std::string_view prefix, std::uint64_t seed) {
  RandomWeights weights(nullptr, seed, std::string(prefix));
  module.params(weights);
  tensors.insert(weights.tensors().begin(), weights.tensors().end());
}

void make_checkpoint(const std::string& arch, const std::string& file, std::uint64_t seed) {
  const Preset& preset = find_preset(arch);
  StateDict tensors;
  add(tensors, Unet(preset.model.unet), "model.diffusion_model.", seed);
  add(tensors, VaeEncoder(preset.vae), "first_stage_model.", seed + 1);
  add(tensors, VaeDecoder(preset.vae), "first_stage_model.", seed + 2);
  for (const Preset::Text& text : preset.text) {
    add(tensors, ClipTextModel(text.spec), text.prefix, ++seed + 2);
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
