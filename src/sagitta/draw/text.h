// Text in pictures: DejaVu Sans, left to right. Any bytes can be drawn: what is not UTF-8 becomes
// U+FFFD, a character that the font lacks becomes a box, a line end begins a line.
#pragma once

#include "sagitta/draw/canvas.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::draw {

struct TextStyle {
  float size = 14;  // of the em square in pixels, 1 to 1000
  bool bold = false;
  Color color = {};
};

// The box that draw_text fills: the advance of the longest line, and as many lines as the text has,
// at least one.
[[nodiscard]] Size text_size(std::string_view text, const TextStyle& style);

// Draws into image (H, W, 3); `corner` is the upper left corner of the text's box. What leaves the
// image is cut.
void draw_text(Array& image, std::string_view text, const Point& corner, const TextStyle& style);

// The text in lines of at most `width` pixels, broken at spaces where it can be and within a word
// where it must. What does not fit into `max_lines` is cut and ends with an ellipsis. White space
// at line ends is dropped; there is at least one line, which is empty for an empty text.
[[nodiscard]] std::vector<std::string> wrap_text(std::string_view text, std::int64_t width,
                                                 std::int64_t max_lines, const TextStyle& style);

// The lines as one text for the functions above.
[[nodiscard]] std::string join_lines(const std::vector<std::string>& lines);

}  // namespace sagitta::draw
