// Tools for lists of sigmas: cutting, turning, refining and reading them.
#pragma once

#include "sagitta/diffusion/schedule.h"

#include <span>
#include <string_view>
#include <utility>

namespace sagitta {

// The first `step` steps, and the rest; both contain the sigma at the cut. step >= 0.
[[nodiscard]] std::pair<Sigmas, Sigmas> split_sigmas(std::span<const float> sigmas, int step);
// The same, cut so that the second part has round(n denoise) of the n steps; with none the first
// part is empty, as upstream.
[[nodiscard]] std::pair<Sigmas, Sigmas> split_sigmas_denoise(std::span<const float> sigmas,
                                                             double denoise);
// Reversed, for turning an image into noise. A leading 0 becomes 0.0001, since samplers divide by
// it.
[[nodiscard]] Sigmas flip_sigmas(std::span<const float> sigmas);
[[nodiscard]] Sigmas set_first_sigma(std::span<const float> sigmas, float sigma);

enum class Spacing { linear, cosine, sine };
// Puts steps - 1 further sigmas into each interval that starts within [end_at, start_at]; a
// negative start_at means no upper bound. steps is 1..100.
struct ExtendParams {
  int steps = 2;
  double start_at_sigma = -1;
  double end_at_sigma = 12;
  Spacing spacing = Spacing::linear;
};
[[nodiscard]] Sigmas extend_sigmas(std::span<const float> sigmas, const ExtendParams& params);

// The sigma at which `percent` (0..1) of a sampling is done; with `actual` the model's own sigmas at
// the ends, in place of infinity and 0.
[[nodiscard]] double percent_to_sigma(const ModelSampling& sampling, double percent, bool actual);

// The decimal numbers of a text, whatever stands between them. Exponents are not understood: "1e-1"
// is the two numbers 1 and -1, as upstream reads it.
[[nodiscard]] Sigmas parse_sigmas(std::string_view text);

}  // namespace sagitta
