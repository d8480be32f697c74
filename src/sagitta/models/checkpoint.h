// A Stable Diffusion checkpoint in the single-file layout: UNet, autoencoder and text encoder, found
// by their key prefixes. A part that the file does not hold is absent, not an error.
#pragma once

#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/load.h"
#include "sagitta/models/network.h"
#include "sagitta/models/spec.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/models/vae/vae_network.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace sagitta::models {

// What a file holds, before anything is loaded.
struct CheckpointInfo {
  std::optional<ModelSpec> model;
  std::optional<VaeSpec> vae;
  std::optional<ClipSpec> clip;
  std::vector<LoadReport> parts;         // what each part expects and finds
  std::vector<std::string> unexpected;   // tensors that no part wants
  std::size_t tensors = 0;
  std::size_t bytes = 0;
  std::map<std::string, std::size_t> dtypes;         // how many tensors of each stored type
  std::map<std::string, std::string, std::less<>> metadata;
};

// Reads the header only. Throws bad_file for what is not a safetensors file.
[[nodiscard]] CheckpointInfo inspect_checkpoint(const std::filesystem::path& path);

struct Checkpoint {
  std::optional<ModelSpec> spec;
  Network<Unet> unet;
  std::optional<VaeSpec> vae_spec;
  VaeNetwork vae_encoder;
  VaeNetwork vae_decoder;
  Network<ClipTextModel> clip;
  std::vector<LoadReport> reports;
};

// Where the parts go: networks to `compute`, the text encoder to `text`, which should compute in f32.
struct CheckpointDevices {
  Device& compute;
  Device& text;
};

// Throws bad_file naming missing or misshapen tensors of a part that is there.
[[nodiscard]] Checkpoint load_checkpoint(const std::filesystem::path& path,
                                         const CheckpointDevices& devices);

}  // namespace sagitta::models
