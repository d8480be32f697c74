#include "sagitta/insight/heat.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace sagitta::insight {
namespace {

struct Stop {
  float at;
  float lightness;  // of OKLab
  float chroma;
  float hue;  // degrees
};

// A straight line in lightness; the other two keep the colours inside sRGB.
constexpr std::array kStops{Stop{0.0F, 0.130F, 0.045F, 285}, Stop{0.2F, 0.298F, 0.140F, 300},
                            Stop{0.4F, 0.466F, 0.185F, 340}, Stop{0.6F, 0.634F, 0.200F, 385},
                            Stop{0.8F, 0.802F, 0.155F, 425}, Stop{1.0F, 0.970F, 0.080F, 463}};

// The transfer function of sRGB.
float encode(float linear) {
  const float x = std::clamp(linear, 0.0F, 1.0F);
  return x <= 0.0031308F ? 12.92F * x : 1.055F * std::pow(x, 1 / 2.4F) - 0.055F;
}

draw::Color from_oklch(float lightness, float chroma, float hue) {
  const float angle = hue * std::numbers::pi_v<float> / 180;
  const float a = chroma * std::cos(angle);
  const float b = chroma * std::sin(angle);
  const auto cube = [](float x) { return x * x * x; };
  const float l = cube(lightness + 0.3963377774F * a + 0.2158037573F * b);
  const float m = cube(lightness - 0.1055613458F * a - 0.0638541728F * b);
  const float s = cube(lightness - 0.0894841775F * a - 1.2914855480F * b);
  return {.red = encode(4.0767416621F * l - 3.3077115913F * m + 0.2309699292F * s),
          .green = encode(-1.2684380046F * l + 2.6097574011F * m - 0.3413193965F * s),
          .blue = encode(-0.0041960863F * l - 0.7034186147F * m + 1.7076147010F * s)};
}

float on_scale(float value, const HeatScale& scale) {
  const float range = scale.high - scale.low;
  return range > 0 ? std::clamp((value - scale.low) / range, 0.0F, 1.0F) : 0.0F;
}

}  // namespace

draw::Color heat_color(float value) {
  const float at = std::isfinite(value) ? std::clamp(value, 0.0F, 1.0F) : 0.0F;
  std::size_t i = 1;
  while (i + 1 < kStops.size() && kStops[i].at < at) ++i;
  const Stop& from = kStops[i - 1];
  const Stop& to = kStops[i];
  const float part = (at - from.at) / (to.at - from.at);
  return from_oklch(std::lerp(from.lightness, to.lightness, part),
                    std::lerp(from.chroma, to.chroma, part), std::lerp(from.hue, to.hue, part));
}

Array heat_map(const Array& values, const HeatScale& scale) {
  Array out({values.dim(0), values.dim(1), 3});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const draw::Color color = heat_color(on_scale(values[i], scale));
    out[3 * i] = color.red;
    out[3 * i + 1] = color.green;
    out[3 * i + 2] = color.blue;
  }
  return out;
}

Array heat_overlay(const Array& values, const HeatScale& scale, const Array& picture) {
  constexpr float kLeast = 0.25F;  // opacity at 0, and what is added up to 1
  constexpr float kRange = 0.6F;
  Array out = heat_map(values, scale);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float opacity = kLeast + kRange * on_scale(values[i], scale);
    const float gray =
        0.2126F * picture[3 * i] + 0.7152F * picture[3 * i + 1] + 0.0722F * picture[3 * i + 2];
    for (std::size_t c = 0; c < 3; ++c) {
      const float faded = (picture[3 * i + c] + 2 * gray) / 3;  // the heat keeps the colours
      out[3 * i + c] = std::lerp(faded, out[3 * i + c], opacity);
    }
  }
  return out;
}

}  // namespace sagitta::insight
