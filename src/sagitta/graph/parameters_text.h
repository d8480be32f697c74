// The text "parameters" by which A1111's web interface and its kin describe a picture:
//   prompt, over any number of lines
//   Negative prompt: likewise
//   Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1, Size: 512x768, Model: "a, b", ...
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sagitta::graph {

inline constexpr std::size_t kMaxParametersBytes = std::size_t{1} << 20;

struct ParametersText {
  std::string prompt{};
  std::string negative{};
  std::vector<std::pair<std::string, std::string>> fields{};  // name and value, in order
};

// Any text of at most kMaxParametersBytes has a reading; throws Error{bad_input} beyond that.
[[nodiscard]] ParametersText parse_parameters_text(std::string_view text);

// Values with commas, colons, quotes or line ends are quoted as JSON texts.
[[nodiscard]] std::string to_text(const ParametersText& parameters);

}  // namespace sagitta::graph
