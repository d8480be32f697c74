// A contact sheet: a grid of pictures with labels for its columns and rows, a title and captions.
#pragma once

#include "sagitta/draw/canvas.h"

#include <string>
#include <vector>

namespace sagitta::draw {

struct SheetCell {
  Array picture;        // (H, W, 3) or (B, H, W, 3), which is tiled; empty: an empty place
  std::string caption;  // under the picture
};

// All texts may be empty and then take no room. Long ones are wrapped, and cut with an ellipsis.
struct Sheet {
  std::string title;
  std::string note;         // small print under the title
  std::string column_axis;  // what the labels of the columns are values of
  std::string row_axis;
  std::vector<std::string> column_labels;  // none, or one for each column
  std::vector<std::string> row_labels;     // none, or one for each row
  std::int64_t columns = 1;
  std::vector<SheetCell> cells;  // row by row
};

struct SheetStyle {
  float text_size = 0;  // of labels, in pixels; 0: what suits the size of the pictures
  Color paper = rgb(0xFBFBF9);
  Color ink = rgb(0x1F2328);    // title and labels
  Color faint = rgb(0x6E747C);  // axes, note and captions
  Color empty = rgb(0xECECE8);  // a place without a picture
};

// Sheets beyond these limits are refused.
inline constexpr std::int64_t kMaxSheetSide = 32768;
inline constexpr std::int64_t kMaxSheetPixels = std::int64_t{1} << 27U;

struct SheetPlace {
  Point corner;
  Size size;
};

// Where the pictures of a sheet are, in the order of its cells; tiled batches as a whole.
struct SheetLayout {
  Size size;  // of the sheet
  std::vector<SheetPlace> places;
};
[[nodiscard]] SheetLayout layout_of(const Sheet& sheet, const SheetStyle& style = {});

// The sheet as an image (H, W, 3). A column is as wide as the widest picture of the sheet, a row as
// high as the highest; smaller pictures stand in the middle. Throws bad_input without cells, for
// labels that are not as many as columns or rows, and for a sheet beyond the limits.
[[nodiscard]] Array contact_sheet(const Sheet& sheet, const SheetStyle& style = {});

}  // namespace sagitta::draw
