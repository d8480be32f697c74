#include "golden_runner/network.h"

#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/io/safetensors.h"

#include <unistd.h>

namespace golden {

using sagitta::Array;

namespace {

// "A with B" is A with the tensors of B in place of its own.
struct ModelFiles {
  std::filesystem::path base;
  std::filesystem::path parts;  // empty: none
};

ModelFiles model_files(const GoldenFile& file, const Context& context) {
  constexpr std::string_view kWith = " with ";
  const std::string& model = file.header("model");
  const auto cut = model.find(kWith);
  if (cut == std::string::npos) return {.base = context.model_path(file), .parts = {}};
  return {.base = context.root() / model.substr(0, cut),
          .parts = context.root() / model.substr(cut + kWith.size())};
}

// A file with the tensors of both, gone with the object.
class MergedFile {
 public:
  explicit MergedFile(const ModelFiles& files)
      : path_(std::filesystem::temp_directory_path() /
              fmt::format("golden_{}_{}.safetensors", files.parts.stem().string(), getpid())) {
    sagitta::io::Safetensors base = sagitta::io::open_safetensors(files.base);
    for (const auto& [name, tensor] : sagitta::io::open_safetensors(files.parts).tensors) {
      base.tensors[name] = tensor;
    }
    sagitta::io::write_safetensors(path_, base.tensors, base.metadata);
  }
  MergedFile(const MergedFile&) = delete;
  MergedFile& operator=(const MergedFile&) = delete;
  ~MergedFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

const sagitta::models::Checkpoint& checkpoint_of(const GoldenFile& file, Context& context) {
  const ModelFiles files = model_files(file, context);
  return context.cached("checkpoint:" + files.base.string() + files.parts.string(), [&] {
    sagitta::Device& device = context.device();
    const sagitta::models::CheckpointDevices devices{.compute = device, .text = device};
    if (files.parts.empty()) return sagitta::models::load_checkpoint(files.base, devices);
    return sagitta::models::load_checkpoint(MergedFile(files).path(), devices);
  });
}

sagitta::Model model_of(const GoldenFile& file, Context& context) {
  const sagitta::models::Checkpoint& checkpoint = checkpoint_of(file, context);
  sagitta::require(checkpoint.unet != nullptr, sagitta::Fault::bad_file,
                   "the model \"{}\" has no UNet", file.header("model"));
  return sagitta::make_model(context.device(), *checkpoint.spec, checkpoint.unet);
}

sagitta::Vae vae_of(const GoldenFile& file, Context& context) {
  const sagitta::models::Checkpoint& checkpoint = checkpoint_of(file, context);
  sagitta::require(checkpoint.vae_decoder != nullptr, sagitta::Fault::bad_file,
                   "the model \"{}\" has no VAE", file.header("model"));
  return {.device = &context.device(),
          .spec = *checkpoint.vae_spec,
          .encoder = checkpoint.vae_encoder,
          .decoder = checkpoint.vae_decoder};
}

sagitta::ConditioningEntry entry_of(const GoldenFile& file, const std::string& name) {
  sagitta::ConditioningEntry entry{.context = std::make_shared<const Array>(file.array(name))};
  if (file.has(name + "_pooled")) {
    entry.pooled = std::make_shared<const Array>(file.array(name + "_pooled"));
  }
  return entry;
}

}  // namespace golden
