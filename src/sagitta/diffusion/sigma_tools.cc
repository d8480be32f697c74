#include "sagitta/diffusion/sigma_tools.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

namespace sagitta {
namespace {

// The longest list that may come out of an extension, many times what a run can use.
constexpr std::size_t kMostSigmas = 1000000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

double spaced(Spacing spacing, double at) {
  switch (spacing) {
    case Spacing::cosine:
      return std::sin(at * std::numbers::pi / 2);
    case Spacing::sine:
      return 1 - std::cos(at * std::numbers::pi / 2);
    case Spacing::linear:
      break;
  }
  return at;
}

}  // namespace

std::pair<Sigmas, Sigmas> split_sigmas(std::span<const float> sigmas, int step) {
  require(step >= 0, Fault::bad_input, "step must not be negative, got {}", step);
  const auto cut = static_cast<std::size_t>(step);
  const auto high = sigmas.first(std::min(cut + 1, sigmas.size()));
  const auto low = sigmas.subspan(std::min(cut, sigmas.size()));
  return {Sigmas(high.begin(), high.end()), Sigmas(low.begin(), low.end())};
}

std::pair<Sigmas, Sigmas> split_sigmas_denoise(std::span<const float> sigmas, double denoise) {
  require(denoise >= 0 && denoise <= 1, Fault::bad_input, "denoise must lie in 0..1, got {}",
          denoise);
  if (sigmas.empty()) return {};
  const auto steps = sigmas.size() - 1;
  const auto wanted =
      static_cast<std::size_t>(std::nearbyint(static_cast<double>(steps) * denoise));
  const auto high = wanted == 0 ? sigmas.first(0) : sigmas.first(sigmas.size() - wanted);
  const auto low = sigmas.last(wanted + 1);
  return {Sigmas(high.begin(), high.end()), Sigmas(low.begin(), low.end())};
}

Sigmas flip_sigmas(std::span<const float> sigmas) {
  constexpr float kAlmostZero = 0.0001F;
  Sigmas flipped(sigmas.rbegin(), sigmas.rend());
  if (!flipped.empty() && flipped.front() == 0) flipped.front() = kAlmostZero;
  return flipped;
}

Sigmas set_first_sigma(std::span<const float> sigmas, float sigma) {
  require(!sigmas.empty(), Fault::bad_input, "an empty list of sigmas has no first sigma to set");
  Sigmas changed(sigmas.begin(), sigmas.end());
  changed.front() = sigma;
  return changed;
}

Sigmas extend_sigmas(std::span<const float> sigmas, const ExtendParams& params) {
  require(params.steps >= 1 && params.steps <= 100, Fault::bad_input,
          "steps must lie in 1..100, got {}", params.steps);
  const double start_at =
      params.start_at_sigma < 0 ? std::numeric_limits<double>::infinity() : params.start_at_sigma;
  require(sigmas.size() <= kMostSigmas / static_cast<std::size_t>(params.steps), Fault::bad_input,
          "{} sigmas cannot be extended {}-fold: the most is {}", sigmas.size(), params.steps,
          kMostSigmas);
  Sigmas extended;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const double current = sigmas[i];
    const double next = sigmas[i + 1];
    extended.push_back(sigmas[i]);
    if (current < params.end_at_sigma || current > start_at) continue;
    for (int step = 1; step < params.steps; ++step) {
      const double at = spaced(params.spacing, static_cast<double>(step) / params.steps);
      extended.push_back(static_cast<float>(current + at * (next - current)));
    }
  }
  if (!sigmas.empty()) extended.push_back(sigmas.back());
  return extended;
}

double percent_to_sigma(const ModelSampling& sampling, double percent, bool actual) {
  if (actual && percent == 0) return sampling.sigma_max();
  if (actual && percent == 1) return sampling.sigma_min();
  return sampling.percent_to_sigma(percent);
}

Sigmas parse_sigmas(std::string_view text) {
  Sigmas sigmas;
  std::size_t i = 0;
  while (i < text.size()) {
    // A number is a run of digits with at most one point, which a digit must follow, and may have a
    // sign in front. Any other character separates.
    std::size_t end = i;
    if (text[end] == '+' || text[end] == '-') ++end;
    const std::size_t digits = end;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
      ++end;
      while (end < text.size() && is_digit(text[end])) ++end;
    }
    if (end == digits) {
      ++i;
      continue;
    }
    std::string number(text.substr(digits, end - digits));
    double value = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    require(parsed.ec == std::errc(), Fault::bad_input, "\"{}\" is too large for a sigma", number);
    sigmas.push_back(static_cast<float>(text[i] == '-' ? -value : value));
    i = end;
  }
  return sigmas;
}

}  // namespace sagitta
