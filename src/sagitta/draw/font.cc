#include "sagitta/draw/font.h"

#include "sagitta/base/error.h"
#include "sagitta/draw/font_data.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <cmath>

namespace sagitta::draw {
namespace {

constexpr float kUnit = 64;         // FreeType counts 64ths of a pixel
constexpr float kFineUnit = 65536;  // and 65536ths where it does not round

// Joiners, marks of direction and variation selectors: they draw nothing, but no box either.
bool is_invisible(char32_t c) {
  return c < U' ' || (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
         (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE0FFF);
}

std::int64_t up(FT_Pos value) { return (value + 63) / 64; }

}  // namespace

struct Font::Face {
  Face() = default;
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;
  ~Face() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }

  FT_Library library = nullptr;
  FT_Face face = nullptr;
};

Font::Font(float size, Weight weight) : face_(std::make_shared<Face>()) {
  require(size >= 1 && size <= 1000, Fault::bad_input,
          "text of size {} cannot be drawn: expected 1 to 1000 pixels", size);
  const auto bytes = weight == Weight::bold ? bold_font() : regular_font();
  require(FT_Init_FreeType(&face_->library) == 0, Fault::out_of_memory, "FreeType did not start");
  const FT_Error opened = FT_New_Memory_Face(face_->library, bytes.data(),
                                             static_cast<FT_Long>(bytes.size()), 0, &face_->face);
  require(opened == 0, Fault::internal, "FreeType cannot read the font of the program: error {}",
          opened);
  const auto units = static_cast<FT_F26Dot6>(std::lround(size * kUnit));
  require(FT_Set_Char_Size(face_->face, units, units, 72, 72) == 0, Fault::internal,
          "FreeType cannot scale the font to {} pixels", size);
}

std::int64_t Font::ascent() const { return up(face_->face->size->metrics.ascender); }
std::int64_t Font::descent() const { return up(-face_->face->size->metrics.descender); }
std::int64_t Font::line_height() const { return up(face_->face->size->metrics.height); }

float Font::advance(char32_t before, char32_t c) const {
  if (is_invisible(c)) return 0;
  FT_Face face = face_->face;
  const FT_UInt index = FT_Get_Char_Index(face, c);
  if (FT_Load_Glyph(face, index, FT_LOAD_TARGET_LIGHT) != 0) return 0;
  float width = static_cast<float>(face->glyph->linearHoriAdvance) / kFineUnit;
  FT_Vector kerning{};
  if (before != 0 && !is_invisible(before) &&
      FT_Get_Kerning(face, FT_Get_Char_Index(face, before), index, FT_KERNING_UNFITTED, &kerning) ==
          0) {
    width += static_cast<float>(kerning.x) / kUnit;
  }
  return width;
}

GlyphImage Font::glyph(char32_t c, float fraction) const {
  FT_Face face = face_->face;
  GlyphImage image;
  // Light hinting aligns rows only, so glyphs may stand between columns.
  if (is_invisible(c) ||
      FT_Load_Glyph(face, FT_Get_Char_Index(face, c), FT_LOAD_TARGET_LIGHT) != 0) {
    return image;
  }
  FT_GlyphSlot slot = face->glyph;
  if (slot->format == FT_GLYPH_FORMAT_OUTLINE) {
    FT_Outline_Translate(&slot->outline, std::lround(fraction * kUnit), 0);
  }
  if (FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL) != 0) return image;
  const FT_Bitmap& bitmap = slot->bitmap;
  image.left = slot->bitmap_left;
  image.top = slot->bitmap_top;
  image.width = bitmap.width;
  image.height = bitmap.rows;
  image.coverage.reserve(static_cast<std::size_t>(image.width * image.height));
  for (std::int64_t y = 0; y < image.height; ++y) {
    const unsigned char* row = bitmap.buffer + y * bitmap.pitch;
    for (std::int64_t x = 0; x < image.width; ++x) {
      image.coverage.push_back(static_cast<float>(row[x]) / 255);
    }
  }
  return image;
}

}  // namespace sagitta::draw
