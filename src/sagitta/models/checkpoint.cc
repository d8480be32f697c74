#include "sagitta/models/checkpoint.h"

#include "sagitta/base/error.h"
#include "sagitta/io/mmap.h"
#include "sagitta/io/safetensors.h"
#include "sagitta/models/detect.h"
#include "sagitta/models/layouts/parts.h"
#include "sagitta/models/layouts/scales.h"

#include <set>
#include <utility>

namespace sagitta::models {
namespace {

namespace fs = std::filesystem;

std::string part_name(const ClipSpec& spec) { return fmt::format("text encoder {}", spec.key); }

// Runs a detection; its errors name the file.
template <class Detect>
auto in_file(const std::string& name, const Detect& detect) {
  try {
    return detect();
  } catch (const Error& error) {
    throw Error(error.fault(), fmt::format("{}: {}", name, error.what()));
  }
}

// An open file and what is in it. Its parts are added to a Checkpoint one by one.
class SourceFile {
 public:
  SourceFile(const fs::path& path, const CheckpointDevices& devices)
      : name_(path.string()),
        devices_(devices),
        file_(io::open_safetensors(path)),
        parts_(in_file(name_, [&] { return find_parts(file_.tensors); })) {}
  ~SourceFile() {
    for (const auto& [name, tensor] : file_.tensors) drop_pages(tensor);
  }
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  [[nodiscard]] const FileParts& parts() const { return parts_; }
  void require_no_transformer() const {
    in_file(name_, [&] { refuse_transformer(file_.tensors); });
  }
  void require_unet() const {
    require_no_transformer();
    require(!parts_.unet.empty(), Fault::bad_file, "{}: holds no UNet that sagitta knows", name_);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

  void add_unet(Checkpoint& to) const {
    to.spec = in_file(name_, [&] { return detect_model(parts_.unet.tensors, file_.tensors); });
    to.unet = load_editable(to, std::make_shared<Unet>(to.spec->unet), devices_.compute,
                            parts_.unet, "UNet");
  }

  void add_vae(Checkpoint& to) const {
    to.vae_spec = in_file(name_, [&] { return detect_vae(parts_.vae.tensors); });
    with_vae_modules(*to.vae_spec, [&]<class E, class D>(std::shared_ptr<E> encoder,
                                                         std::shared_ptr<D> decoder) {
      load(to, *encoder, devices_.vae, parts_.vae, "VAE encoder");
      load(to, *decoder, devices_.vae, parts_.vae, "VAE decoder");
      to.vae_encoder = to_network<E>(std::move(encoder));
      to.vae_decoder = to_network<D>(std::move(decoder));
    });
    to.vae_weights = Weights(parts_.vae.tensors);
  }

  void add_text(Checkpoint& to, const Part& part, ClipUse use) const {
    const ClipSpec spec = in_file(name_, [&] { return detect_clip(part.tensors, use); });
    to.text.push_back(load_editable(to, std::make_shared<ClipTextModel>(spec), devices_.text, part,
                                    part_name(spec)));
  }

  // The one text encoder of the file.
  [[nodiscard]] const TextPart& text() const {
    require(!parts_.text.empty(), Fault::bad_file, "{}: holds no text encoder that sagitta knows", name_);
    require(parts_.text.size() == 1, Fault::bad_file,
            "{}: holds {} text encoders; load it as a checkpoint", name_, parts_.text.size());
    return parts_.text.front();
  }

 private:
  // Behind each weight, so that the file is never in memory beside its packed copies. Those are all
  // that is read from then on; rows of token tables, and weights that an adapter changes, come back
  // as needed. Tensors that a layout has made anew do not lie in the file.
  void drop_pages(const StoredTensor& tensor) const {
    const bool in_file = tensor.owner == file_.tensors.begin()->second.owner;
    if (in_file) io::drop_pages({tensor.data, tensor.bytes()});
  }

  template <class Module>
  void load(Checkpoint& to, Module& module, Device& device, const Part& part, std::string what) const {
    to.reports.push_back(load_module(module, &device, part.tensors, std::move(what),
                                     [this](const StoredTensor& tensor) { drop_pages(tensor); }));
    require_complete(to.reports.back(), name_);
  }

  template <class Module>
  Network<Module> load_editable(Checkpoint& to, std::shared_ptr<Module> module, Device& device,
                                const Part& part, std::string what) const {
    load(to, *module, device, part, std::move(what));
    return Network<Module>(std::move(module), device, Weights(part.tensors));
  }

  std::string name_;
  const CheckpointDevices& devices_;
  io::Safetensors file_;
  FileParts parts_;
};

// Notes under which names of the file the weights of a module are stored, without loading.
class ListNames : public ParamVisitor {
 public:
  ListNames(const Part& part, std::set<std::string, std::less<>>& names) : part_(part), names_(names) {}
  void param(const std::string& path, Param&) override { note(path); }
  void table(const std::string& path, Table&) override { note(path); }

 private:
  void note(const std::string& path) {
    const auto it = part_.origin.find(path);
    if (it != part_.origin.end()) names_.insert(it->second);
  }

  const Part& part_;
  std::set<std::string, std::less<>>& names_;
};

// The first of the files that diffusers writes for a part, 16 bits wide before 32.
fs::path diffusers_file(const fs::path& folder, const char* part, const char* stem) {
  for (const char* variant : {".fp16", ""}) {
    fs::path path = folder / part / fmt::format("{}{}.safetensors", stem, variant);
    std::error_code error;
    if (fs::is_regular_file(path, error)) return path;
  }
  return {};
}

fs::path require_diffusers_file(const fs::path& folder, const char* part, const char* stem) {
  fs::path path = diffusers_file(folder, part, stem);
  require(!path.empty(), Fault::bad_file, "{}: there is no {}/{}.safetensors", folder.string(), part,
          stem);
  return path;
}

}  // namespace

CheckpointInfo inspect_checkpoint(const fs::path& path) {
  const io::Safetensors file = io::open_safetensors(path);
  in_file(path.string(), [&] { refuse_transformer(file.tensors); });
  const FileParts parts = find_parts(file.tensors);
  CheckpointInfo info;
  info.metadata = file.metadata;
  std::set<std::string, std::less<>> used;
  const auto check = [&](auto module, const Part& part, std::string name) {
    info.parts.push_back(load_module(module, nullptr, part.tensors, std::move(name)));
    ListNames names(part, used);
    module.params(names);
  };
  if (!parts.unet.empty()) {
    info.model = detect_model(parts.unet.tensors, file.tensors);
    check(Unet(info.model->unet), parts.unet, "UNet");
  }
  if (!parts.vae.empty()) {
    info.vae = detect_vae(parts.vae.tensors);
    with_vae_modules(*info.vae, [&](const auto& encoder, const auto& decoder) {
      check(*encoder, parts.vae, "VAE encoder");
      check(*decoder, parts.vae, "VAE decoder");
    });
    for (const char* scalar : {"vae_scale", "vae_shift"}) {
      if (parts.vae.has(scalar)) used.insert(parts.vae.origin.at(scalar));
    }
  }
  for (const TextPart& text : parts.text) {
    info.text.push_back(detect_clip(text.part.tensors, text.use));
    check(ClipTextModel(info.text.back()), text.part, part_name(info.text.back()));
  }
  for (const auto& [name, tensor] : file.tensors) {
    ++info.tensors;
    info.bytes += tensor.bytes();
    ++info.dtypes[std::string(name_of(tensor.dtype))];
    if (!used.contains(name) && !belongs_to_scaling(name)) info.unexpected.push_back(name);
  }
  return info;
}

Checkpoint load_checkpoint(const fs::path& path, const CheckpointDevices& devices) {
  const SourceFile file(path, devices);
  file.require_no_transformer();
  const FileParts& parts = file.parts();
  require(!parts.empty(), Fault::bad_file,
          "{}: not a Stable Diffusion checkpoint: there is no UNet, VAE or text encoder under any "
          "name that sagitta knows",
          file.name());
  Checkpoint loaded;
  if (!parts.unet.empty()) file.add_unet(loaded);
  if (!parts.vae.empty()) file.add_vae(loaded);
  for (const TextPart& text : parts.text) file.add_text(loaded, text.part, text.use);
  return loaded;
}

Checkpoint load_unet(const fs::path& path, const CheckpointDevices& devices) {
  const SourceFile file(path, devices);
  file.require_unet();
  Checkpoint loaded;
  file.add_unet(loaded);
  return loaded;
}

Checkpoint load_vae(const fs::path& path, const CheckpointDevices& devices) {
  const SourceFile file(path, devices);
  require(!file.parts().vae.empty(), Fault::bad_file, "{}: holds no VAE that sagitta knows",
          file.name());
  Checkpoint loaded;
  file.add_vae(loaded);
  return loaded;
}

Checkpoint load_text_encoder(const fs::path& path, const CheckpointDevices& devices) {
  const SourceFile file(path, devices);
  Checkpoint loaded;
  file.add_text(loaded, file.text().part, file.text().use);
  return loaded;
}

Checkpoint load_sdxl_encoders(const fs::path& one, const fs::path& two,
                              const CheckpointDevices& devices) {
  const SourceFile first(one, devices);
  const SourceFile second(two, devices);
  const bool in_order = first_is_sdxl_l(first.text().part, second.text().part);
  const SourceFile& l = in_order ? first : second;
  const SourceFile& g = in_order ? second : first;
  Checkpoint loaded;
  l.add_text(loaded, l.text().part, ClipUse::sdxl_l);
  g.add_text(loaded, g.text().part, ClipUse::sdxl_g);
  return loaded;
}

Checkpoint load_diffusers(const fs::path& folder, const CheckpointDevices& devices) {
  constexpr const char* kNetwork = "diffusion_pytorch_model";
  constexpr const char* kText = "model";
  const fs::path unet = require_diffusers_file(folder, "unet", kNetwork);
  const fs::path vae = require_diffusers_file(folder, "vae", kNetwork);
  const fs::path text = require_diffusers_file(folder, "text_encoder", kText);
  const fs::path second_text = diffusers_file(folder, "text_encoder_2", kText);

  Checkpoint loaded = load_unet(unet, devices);
  Checkpoint autoencoder = load_vae(vae, devices);
  loaded.vae_spec = autoencoder.vae_spec;
  loaded.vae_encoder = std::move(autoencoder.vae_encoder);
  loaded.vae_decoder = std::move(autoencoder.vae_decoder);
  loaded.vae_weights = std::move(autoencoder.vae_weights);
  loaded.text = (second_text.empty() ? load_text_encoder(text, devices)
                                     : load_sdxl_encoders(text, second_text, devices))
                    .text;
  return loaded;
}

}  // namespace sagitta::models
