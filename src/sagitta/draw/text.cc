#include "sagitta/draw/text.h"

#include "sagitta/base/error.h"
#include "sagitta/draw/font.h"
#include "sagitta/text/unicode.h"

#include <algorithm>
#include <cmath>

namespace sagitta::draw {
namespace {

constexpr char32_t kEllipsis = U'\u2026';

Font open(const TextStyle& style) {
  return {style.size, style.bold ? Font::Weight::bold : Font::Weight::regular};
}

// Composed, because a font has more composed letters than places for marks; tabs as spaces.
std::u32string characters(std::string_view text) {
  std::u32string all = text::nfc(text::decode_utf8(text));
  std::replace(all.begin(), all.end(), U'\t', U' ');
  return all;
}

std::vector<std::u32string_view> lines_of(std::u32string_view text) {
  std::vector<std::u32string_view> lines;
  while (true) {
    const std::size_t end = text.find(U'\n');
    lines.push_back(text.substr(0, end));
    if (end == std::u32string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

float width_of(const Font& font, std::u32string_view line) {
  float width = 0;
  char32_t before = 0;
  for (const char32_t c : line) {
    width += font.advance(before, c);
    before = c;
  }
  return width;
}

void blend(Array& image, const GlyphImage& glyph, const Point& pen, const Color& color) {
  const Size size = size_of(image);
  for (std::int64_t row = 0; row < glyph.height; ++row) {
    const std::int64_t y = pen.y - glyph.top + row;
    if (y < 0 || y >= size.height) continue;
    for (std::int64_t column = 0; column < glyph.width; ++column) {
      const std::int64_t x = pen.x + glyph.left + column;
      if (x < 0 || x >= size.width) continue;
      const float part = glyph.coverage[static_cast<std::size_t>(row * glyph.width + column)];
      float* const pixel = image.data() + (y * size.width + x) * 3;
      pixel[0] += part * (color.red - pixel[0]);
      pixel[1] += part * (color.green - pixel[1]);
      pixel[2] += part * (color.blue - pixel[2]);
    }
  }
}

// The longest beginning of `line` that is `width` wide at most; never empty, so that wrapping ends.
std::size_t fitting(const Font& font, std::u32string_view line, float width) {
  float pen = 0;
  char32_t before = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    pen += font.advance(before, line[i]);
    if (pen > width) return std::max<std::size_t>(i, 1);
    before = line[i];
  }
  return line.size();
}

std::u32string_view trimmed(std::u32string_view text) {
  while (!text.empty() && text::is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && text::is_space(text.front())) text.remove_prefix(1);
  return text;
}

// Takes the next line from the front of `rest`.
std::u32string_view take_line(const Font& font, std::u32string_view& rest, float width) {
  std::size_t count = fitting(font, rest, width);
  if (count < rest.size()) {
    // A space that does not fit is a fine place to break, too.
    std::size_t space = count + 1;
    while (space > 0 && !text::is_space(rest[space - 1])) --space;
    if (space > 1) count = space - 1;
  }
  const std::u32string_view line = rest.substr(0, count);
  rest = trimmed(rest.substr(count));
  return trimmed(line);
}

std::u32string shortened(const Font& font, std::u32string_view line, float width) {
  const float room = width - font.advance(0, kEllipsis);
  std::u32string kept(trimmed(line.substr(0, fitting(font, line, room))));
  return kept + kEllipsis;
}

}  // namespace

Size text_size(std::string_view text, const TextStyle& style) {
  const Font font = open(style);
  const std::u32string all = characters(text);
  const auto lines = lines_of(all);
  float width = 0;
  for (const std::u32string_view line : lines) width = std::max(width, width_of(font, line));
  return {.width = static_cast<std::int64_t>(std::ceil(width)),
          .height = font.ascent() + font.descent() +
                    static_cast<std::int64_t>(lines.size() - 1) * font.line_height()};
}

void draw_text(Array& image, std::string_view text, const Point& corner, const TextStyle& style) {
  const Font font = open(style);
  const std::u32string all = characters(text);
  std::int64_t baseline = corner.y + font.ascent();
  for (const std::u32string_view line : lines_of(all)) {
    float pen = 0;
    char32_t before = 0;
    for (const char32_t c : line) {
      // Kerning stands before the glyph: it is what the pair needs beyond the glyph's own advance.
      const float alone = font.advance(0, c);
      const float step = font.advance(before, c);
      const float at = pen + step - alone;
      const float whole = std::floor(at);
      blend(image, font.glyph(c, at - whole),
            {.x = corner.x + static_cast<std::int64_t>(whole), .y = baseline}, style.color);
      pen += step;
      before = c;
    }
    baseline += font.line_height();
  }
}

std::vector<std::string> wrap_text(std::string_view text, std::int64_t width,
                                   std::int64_t max_lines, const TextStyle& style) {
  require(max_lines > 0, Fault::bad_input, "text cannot be wrapped into {} lines", max_lines);
  const Font font = open(style);
  const std::u32string all = characters(text);
  const auto limit = static_cast<float>(width);
  std::vector<std::string> lines;
  const auto paragraphs = lines_of(trimmed(all));
  for (std::size_t i = 0; i < paragraphs.size(); ++i) {
    std::u32string_view rest = trimmed(paragraphs[i]);
    do {
      const bool last = std::ssize(lines) + 1 == max_lines;
      const std::u32string_view whole = rest;
      const std::u32string_view line = take_line(font, rest, limit);
      if (last && (!rest.empty() || i + 1 < paragraphs.size())) {
        lines.push_back(text::encode_utf8(shortened(font, whole, limit)));
        return lines;
      }
      lines.push_back(text::encode_utf8(line));
    } while (!rest.empty());
  }
  return lines;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += '\n';
    text += lines[i];
  }
  return text;
}

}  // namespace sagitta::draw
