#include "sagitta/image/lab.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

using Matrix = std::array<Triple, 3>;

constexpr Matrix kToXyz{{{0.412453, 0.357580, 0.180423},
                         {0.212671, 0.715160, 0.072169},
                         {0.019334, 0.119193, 0.950227}}};
constexpr Matrix kFromXyz{{{3.2404813432005266, -1.5371515162713185, -0.4985363261688878},
                           {-0.9692549499965682, 1.8759900014898907, 0.0415559265582928},
                           {0.0556466391351772, -0.2040413383665112, 1.0573110696453443}}};
constexpr Triple kWhite{0.95047, 1, 1.08883};

// Where the cube root turns into a straight line.
constexpr double kDark = 0.008856;
constexpr double kDarkRoot = 0.2068966;
constexpr double kSlope = 7.787;
constexpr double kOffset = 4.0 / 29;

Triple times(const Matrix& m, const Triple& v) {
  Triple out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  return out;
}

double to_linear(double value) {
  return value > 0.04045 ? std::pow((value + 0.055) / 1.055, 2.4) : value / 12.92;
}

double from_linear(double value) {
  return value > 0.0031308 ? 1.055 * std::pow(value, 1 / 2.4) - 0.055 : 12.92 * value;
}

}  // namespace

Triple rgb_to_lab(const Triple& rgb) {
  const Triple xyz = times(kToXyz, {to_linear(rgb[0]), to_linear(rgb[1]), to_linear(rgb[2])});
  Triple root{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double share = xyz[i] / kWhite[i];
    root[i] = share > kDark ? std::cbrt(share) : kSlope * share + kOffset;
  }
  return {116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])};
}

Triple lab_to_rgb(const Triple& lab) {
  const double y = (lab[0] + 16) / 116;
  const Triple root{lab[1] / 500 + y, y, std::max(0.0, y - lab[2] / 200)};
  Triple xyz{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double share =
        root[i] > kDarkRoot ? root[i] * root[i] * root[i] : (root[i] - kOffset) / kSlope;
    xyz[i] = share * kWhite[i];
  }
  Triple rgb = times(kFromXyz, xyz);
  for (double& value : rgb) value = std::clamp(from_linear(value), 0.0, 1.0);
  return rgb;
}

}  // namespace sagitta
