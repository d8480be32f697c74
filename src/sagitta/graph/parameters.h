// What the "parameters" of a picture (parameters_text.h) mean: the settings of an ordinary
// generation.
#pragma once

#include "sagitta/graph/parameters_prompt.h"
#include "sagitta/graph/parameters_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sagitta::graph {

// A second pass over a larger picture.
struct HiresFix {
  double scale = 2;
  std::optional<std::pair<std::int64_t, std::int64_t>> size{};  // instead of the scale
  std::string upscaler = "Latent";
  std::int64_t steps = 0;  // 0: as many as the first pass
  std::string sampler{};   // ours; empty: that of the first pass, and so on
  std::string scheduler{};
  std::optional<double> cfg{};
};

struct SagSettings {
  std::optional<double> scale{};
  std::optional<double> blur_sigma{};
  std::optional<double> threshold{};
};

struct Parameters {
  std::string prompt{};  // in ComfyUI's spelling
  std::string negative{};
  std::vector<LoraTag> loras{};
  std::vector<std::string> embeddings{};  // names of textual inversions that the fields list
  std::optional<std::int64_t> steps{};
  std::string sampler{};  // ours; empty if none is stated
  std::string scheduler{};
  std::optional<double> cfg{};
  std::optional<std::uint64_t> seed{};
  std::optional<std::pair<std::int64_t, std::int64_t>> size{};  // width, height
  std::string model{};
  std::string vae{};
  int clip_skip = 1;                // 1: the last layer
  std::optional<double> denoise{};  // of the second pass, or of one that began with a picture
  std::optional<HiresFix> hires{};
  std::optional<SagSettings> sag{};

  std::vector<std::string> notes{};    // what will not be the same, each a sentence
  std::vector<std::string> unknown{};  // fields that are not understood, "Name: value"
};

// Throws Error{bad_input} for texts that are too long; whatever else is odd is a note or unknown.
[[nodiscard]] Parameters read_parameters(std::string_view text);

}  // namespace sagitta::graph
