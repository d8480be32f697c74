#include "golden_runner/network.h"

#include "sagitta/diffusion/from_checkpoint.h"

namespace golden {

using sagitta::Array;

const sagitta::models::Checkpoint& checkpoint_of(const GoldenFile& file, Context& context) {
  const std::filesystem::path path = context.model_path(file);
  return context.cached("checkpoint:" + path.string(), [&] {
    sagitta::Device& device = context.device();
    return sagitta::models::load_checkpoint(path, {.compute = device, .text = device});
  });
}

sagitta::Model model_of(const GoldenFile& file, Context& context) {
  const sagitta::models::Checkpoint& checkpoint = checkpoint_of(file, context);
  sagitta::require(checkpoint.unet != nullptr, sagitta::Fault::bad_file,
                   "the model \"{}\" has no UNet", file.header("model"));
  return sagitta::make_model(context.device(), *checkpoint.spec, checkpoint.unet);
}

sagitta::ConditioningEntry entry_of(const GoldenFile& file, const std::string& name) {
  sagitta::ConditioningEntry entry{.context = std::make_shared<const Array>(file.array(name))};
  if (file.has(name + "_pooled")) {
    entry.pooled = std::make_shared<const Array>(file.array(name + "_pooled"));
  }
  return entry;
}

}  // namespace golden
