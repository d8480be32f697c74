#include "embedded_model.h"

#include "parse_size.h"
#include "sagitta/models/checkpoint.h"

#include <system_error>

namespace sagitta::cli {

namespace fs = std::filesystem;

fs::path installed_models_dir() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "share" / "sagitta" / "models";
}

SampleParams embedded_sampling() {
  return {.sampler = "dpmpp_2m", .scheduler = "karras", .steps = 20, .cfg = 3};
}

std::pair<std::int64_t, std::int64_t> native_size(const fs::path& checkpoint) {
  constexpr std::int64_t kSd = 512;
  constexpr std::int64_t kSdxl = 1024;
  const models::CheckpointInfo info = models::inspect_checkpoint(checkpoint);
  if (const auto it = info.metadata.find("modelspec.resolution"); it != info.metadata.end()) {
    if (const auto size = parse_size(it->second)) return *size;
  }
  const bool sdxl = info.model && info.model->unet.vector_width > 0;
  return sdxl ? std::pair{kSdxl, kSdxl} : std::pair{kSd, kSd};
}

}  // namespace sagitta::cli
