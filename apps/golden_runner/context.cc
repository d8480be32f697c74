#include "golden_runner/context.h"

#include "sagitta/backend/open.h"

namespace golden {

sagitta::Device& Context::device() {
  if (device_ == nullptr) {
    device_ = sagitta::open_device(options_.device,
                                   sagitta::resolve_dtype(options_.device, options_.dtype));
  }
  return *device_;
}

std::filesystem::path Context::model_path(const GoldenFile& file) const {
  const std::string& model = file.header("model");
  std::filesystem::path path = options_.root / model;
  sagitta::require(std::filesystem::is_regular_file(path), sagitta::Fault::bad_file,
                   "the header's model \"{}\" is not at {}", model, path.string());
  return path;
}

}  // namespace golden
