// The networks of a model, from one file or several: UNet, autoencoder and text encoders. What the
// files do not hold is absent, not an error.
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
  std::vector<ClipSpec> text;            // in the order in which their contexts are joined
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
  Weights vae_weights;
  std::vector<Network<ClipTextModel>> text;  // as in CheckpointInfo
  std::vector<LoadReport> reports;
};

// Where the parts go: the UNet to `compute`; text encoders to `text`, which should compute in f32;
// autoencoders to `vae`, whose products should not be in int8.
struct CheckpointDevices {
  Device& compute;
  Device& text;
  Device& vae = compute;
};

// All of these throw bad_file naming the file, and what is missing or misshapen in it. Any layout
// that find_parts() knows will do.

[[nodiscard]] Checkpoint load_checkpoint(const std::filesystem::path& path,
                                         const CheckpointDevices& devices);

// One part of a file. Throws bad_file if it holds none.
[[nodiscard]] Checkpoint load_unet(const std::filesystem::path& path, const CheckpointDevices& devices);
[[nodiscard]] Checkpoint load_vae(const std::filesystem::path& path, const CheckpointDevices& devices);
[[nodiscard]] Checkpoint load_text_encoder(const std::filesystem::path& path,
                                           const CheckpointDevices& devices);

// SDXL's two encoders, in either order.
[[nodiscard]] Checkpoint load_sdxl_encoders(const std::filesystem::path& one,
                                            const std::filesystem::path& two,
                                            const CheckpointDevices& devices);

// A folder of diffusers: unet/, vae/, text_encoder/ and perhaps text_encoder_2/. Throws bad_file if
// one of the first three lacks its file.
[[nodiscard]] Checkpoint load_diffusers(const std::filesystem::path& folder,
                                        const CheckpointDevices& devices);

}  // namespace sagitta::models
