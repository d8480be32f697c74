// The graph behind `sagitta generate`: the one a person would draw for text to image.
#pragma once

#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/graph/prompt.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sagitta::cli {

// A LoRA and how far it changes model and text encoder.
struct LoraChoice {
  std::filesystem::path file;
  double strength = 1;
  std::optional<double> clip_strength = {};  // of the text encoder, if another
};

// From "FILE" or "FILE:STRENGTH"; what follows the last colon counts if it is a number. `strength`
// is for those that state none.
[[nodiscard]] LoraChoice parse_lora(const std::string& text, double strength = 1);

// A second pass over a larger picture. The steps are those of the whole schedule, of which it runs
// the last part.
struct SecondPass {
  bool in_latent = true;  // enlarges the latent, otherwise the picture
  std::string method = "bilinear";
  double scale = 2;
  std::int64_t width = 0;  // 0: by the scale
  std::int64_t height = 0;
  SampleParams sampling;
};

struct Generation {
  std::string model;
  std::vector<LoraChoice> loras;  // applied in order
  std::string prompt;
  std::string negative;
  std::int64_t width = 512;
  std::int64_t height = 512;
  std::int64_t batch = 1;
  SampleParams sampling;
  SagOptions sag{.scale = 0};  // scale 0: no SAG node
  std::string vae;             // empty: the checkpoint's own
  std::optional<SecondPass> second_pass;
  int clip_skip = 1;  // 1: the last layer
  std::string image;  // start from this picture, unless empty
  std::string filename_prefix = "sagitta";
};

// The nodes whose outputs are the picture and the files.
inline constexpr const char* kImageNode = "8";
inline constexpr const char* kSaveNode = "9";

// Nodes with the ids that ComfyUI's own first workflow has.
[[nodiscard]] graph::Prompt generation_graph(const Generation& generation);

}  // namespace sagitta::cli
