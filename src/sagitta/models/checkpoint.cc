#include "sagitta/models/checkpoint.h"

#include "sagitta/base/error.h"
#include "sagitta/io/mmap.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/detect.h"

#include <set>
#include <utility>

namespace sagitta::models {
namespace {

constexpr std::string_view kUnetPrefix = "model.diffusion_model.";
constexpr std::string_view kVaePrefix = "first_stage_model.";
constexpr std::string_view kClipPrefix = "cond_stage_model.transformer.";

// The parts of a file under their own names.
struct Parts {
  StateDict unet;
  StateDict vae;
  StateDict clip;
};

Parts split(const StateDict& tensors) {
  return {.unet = with_prefix(tensors, kUnetPrefix),
          .vae = with_prefix(tensors, kVaePrefix),
          .clip = with_prefix(tensors, kClipPrefix)};
}

// Notes which of the expected names there are, without loading.
class ListNames : public ParamVisitor {
 public:
  explicit ListNames(std::string_view prefix, std::set<std::string, std::less<>>& names)
      : prefix_(prefix), names_(names) {}
  void param(const std::string& path, Param&) override { names_.insert(prefix_ + path); }
  void table(const std::string& path, Table&) override { names_.insert(prefix_ + path); }

 private:
  std::string prefix_;
  std::set<std::string, std::less<>>& names_;
};

}  // namespace

CheckpointInfo inspect_checkpoint(const std::filesystem::path& path) {
  const io::Safetensors file = io::open_safetensors(path);
  const Parts parts = split(file.tensors);
  CheckpointInfo info;
  info.metadata = file.metadata;
  std::set<std::string, std::less<>> expected;
  const auto check = [&](auto module, const StateDict& tensors, std::string_view prefix,
                         std::string part) {
    info.parts.push_back(load_module(module, nullptr, tensors, std::move(part)));
    ListNames names(prefix, expected);
    module.params(names);
  };
  if (!parts.unet.empty()) {
    info.model = detect_model(parts.unet, file.tensors);
    check(Unet(info.model->unet), parts.unet, kUnetPrefix, "UNet");
  }
  if (!parts.vae.empty()) {
    info.vae = detect_vae(parts.vae);
    with_vae_modules(*info.vae, [&](const auto& encoder, const auto& decoder) {
      check(*encoder, parts.vae, kVaePrefix, "VAE encoder");
      check(*decoder, parts.vae, kVaePrefix, "VAE decoder");
    });
    for (const char* scalar : {"vae_scale", "vae_shift"}) {
      expected.insert(std::string(kVaePrefix) + scalar);
    }
  }
  if (!parts.clip.empty()) {
    info.clip = detect_clip(parts.clip);
    check(ClipTextModel(*info.clip), parts.clip, kClipPrefix, "text encoder");
  }
  for (const auto& [name, tensor] : file.tensors) {
    ++info.tensors;
    info.bytes += tensor.bytes();
    ++info.dtypes[std::string(name_of(tensor.dtype))];
    if (!expected.contains(name)) info.unexpected.push_back(name);
  }
  return info;
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const CheckpointDevices& devices) {
  const io::Safetensors file = io::open_safetensors(path);
  const Parts parts = split(file.tensors);
  Checkpoint loaded;
  const auto load = [&](auto module, Device& device, const StateDict& tensors, std::string part) {
    loaded.reports.push_back(load_module(*module, &device, tensors, std::move(part)));
    require_complete(loaded.reports.back(), path.string());
    return module;
  };
  if (!parts.unet.empty()) {
    loaded.spec = detect_model(parts.unet, file.tensors);
    loaded.unet = Network<Unet>(
        load(std::make_shared<Unet>(loaded.spec->unet), devices.compute, parts.unet, "UNet"),
        devices.compute, Weights(parts.unet));
  }
  if (!parts.vae.empty()) {
    loaded.vae_spec = detect_vae(parts.vae);
    with_vae_modules(*loaded.vae_spec, [&]<class E, class D>(std::shared_ptr<E> encoder,
                                                             std::shared_ptr<D> decoder) {
      loaded.vae_encoder =
          to_network<E>(load(std::move(encoder), devices.compute, parts.vae, "VAE encoder"));
      loaded.vae_decoder =
          to_network<D>(load(std::move(decoder), devices.compute, parts.vae, "VAE decoder"));
    });
  }
  if (!parts.clip.empty()) {
    loaded.clip = Network<ClipTextModel>(
        load(std::make_shared<ClipTextModel>(detect_clip(parts.clip)), devices.text, parts.clip,
             "text encoder"),
        devices.text, Weights(parts.clip));
  }
  // The packed copies are all that is read from now on; rows of the token table, and weights that an
  // adapter changes, come back as needed.
  for (const auto& [name, tensor] : file.tensors) io::drop_pages({tensor.data, tensor.bytes()});
  require(loaded.unet != nullptr || loaded.vae_decoder != nullptr || loaded.clip != nullptr,
          Fault::bad_file,
          "{}: not a Stable Diffusion checkpoint: no tensor begins with '{}', '{}' or '{}'",
          path.string(), kUnetPrefix, kVaePrefix, kClipPrefix);
  return loaded;
}

}  // namespace sagitta::models
