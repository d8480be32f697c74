#include "sagitta/image/quantize.h"

#include "sagitta/base/error.h"
#include "sagitta/image/channels.h"
#include "sagitta/image/palette.h"

#include <algorithm>

namespace sagitta {
namespace {

constexpr std::int64_t kMostColours = 256;
constexpr Colour kUnused{0, 0, 0};

struct Dither {
  const char* name;
  std::int64_t pattern;  // side of a Bayer pattern, or 0
};
constexpr Dither kDithers[] = {{"none", 0},    {"floyd-steinberg", 0}, {"bayer-2", 2},
                               {"bayer-4", 4}, {"bayer-8", 8},         {"bayer-16", 16}};

}  // namespace

const std::vector<std::string>& dither_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Dither& dither : kDithers) all.emplace_back(dither.name);
    return all;
  }();
  return names;
}

Array quantize(const Array& images, std::int64_t colours, std::string_view dither) {
  require_images(images);
  require(images.dim(3) == 3, Fault::bad_input,
          "only pictures with red, green and blue can be drawn with fewer colours, got {} channels",
          images.dim(3));
  require(colours >= 1 && colours <= kMostColours, Fault::bad_input,
          "{} colours are not possible, 1 to {} are", colours, kMostColours);
  const auto* const kind = std::ranges::find(kDithers, dither, &Dither::name);
  require(kind != std::end(kDithers), Fault::bad_input, "there is no dither \"{}\"", dither);
  std::vector<Bytes> drawn;
  for (std::int64_t i = 0; i < images.dim(0); ++i) {
    const Bytes picture = to_picture(images, i);
    Palette palette = median_cut(picture, colours);
    palette.resize(kMostColours, kUnused);
    if (kind->pattern > 0) {
      drawn.push_back(draw_ordered(picture, palette, kind->pattern));
    } else if (dither == "none") {
      drawn.push_back(draw_nearest(picture, palette));
    } else {
      drawn.push_back(draw_diffused(picture, palette));
    }
  }
  return from_pictures(drawn);
}

}  // namespace sagitta
