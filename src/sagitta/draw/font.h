// A font at one size: the only place that knows FreeType.
#pragma once

#include "sagitta/core/array.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sagitta::draw {

// How much of a pixel a glyph covers, 0..1, row by row.
struct GlyphImage {
  std::int64_t left = 0;  // of the first column, from the pixel of the pen
  std::int64_t top = 0;   // of the first row, up from the baseline
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<float> coverage;
};

class Font {
 public:
  enum class Weight { regular, bold };

  // `size` is that of the em square in pixels, 1 to 1000; bad_input otherwise.
  Font(float size, Weight weight);

  // Pixels above and below the baseline, and from one baseline to the next.
  [[nodiscard]] std::int64_t ascent() const;
  [[nodiscard]] std::int64_t descent() const;
  [[nodiscard]] std::int64_t line_height() const;

  // How far the pen moves for `c`, in pixels, with kerning after `before` (0: none). Characters
  // that only control what stands beside them have no width; a character without a glyph is a box.
  [[nodiscard]] float advance(char32_t before, char32_t c) const;

  // The glyph with the pen at `fraction` of a pixel, 0 <= fraction < 1.
  [[nodiscard]] GlyphImage glyph(char32_t c, float fraction) const;

 private:
  struct Face;
  std::shared_ptr<Face> face_;
};

}  // namespace sagitta::draw
