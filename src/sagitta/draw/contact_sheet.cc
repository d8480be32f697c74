#include "sagitta/draw/contact_sheet.h"

#include "sagitta/base/error.h"
#include "sagitta/draw/text.h"

#include <algorithm>
#include <cmath>

namespace sagitta::draw {
namespace {

constexpr std::int64_t kTitleLines = 2;
constexpr std::int64_t kNoteLines = 4;
constexpr std::int64_t kLabelLines = 4;
constexpr std::int64_t kCaptionLines = 3;

// A text with its place's width: what is left of it after wrapping, and its size.
struct Block {
  std::string text;
  TextStyle style;
  Size size;
};

Block make_block(const std::string& text, std::int64_t width, std::int64_t max_lines,
                 const TextStyle& style) {
  if (text.empty()) return {.text = {}, .style = style, .size = {}};
  Block block{
      .text = join_lines(wrap_text(text, width, max_lines, style)), .style = style, .size = {}};
  block.size = text_size(block.text, style);
  return block;
}

std::vector<Block> make_blocks(const std::vector<std::string>& texts, std::int64_t width,
                               std::int64_t max_lines, const TextStyle& style) {
  std::vector<Block> blocks;
  for (const std::string& text : texts) blocks.push_back(make_block(text, width, max_lines, style));
  return blocks;
}

Size largest(const std::vector<Block>& blocks) {
  Size size;
  for (const Block& block : blocks) {
    size.width = std::max(size.width, block.size.width);
    size.height = std::max(size.height, block.size.height);
  }
  return size;
}

void draw(Array& image, const Block& block, const Point& corner) {
  if (!block.text.empty()) draw_text(image, block.text, corner, block.style);
}

// Every line in the middle of `width`.
void draw_centred(Array& image, const Block& block, const Point& corner, std::int64_t width) {
  Point at = corner;
  std::size_t begin = 0;
  const std::int64_t line_height =
      text_size("\n", block.style).height - text_size("", block.style).height;
  while (begin < block.text.size()) {
    const std::size_t end = std::min(block.text.find('\n', begin), block.text.size());
    const std::string line = block.text.substr(begin, end - begin);
    at.x = corner.x + (width - text_size(line, block.style).width) / 2;
    draw_text(image, line, at, block.style);
    at.y += line_height;
    begin = end + 1;
  }
}

// Where everything goes. Columns of the sheet are equally wide, rows equally high but for captions.
class Layout {
 public:
  Layout(const Sheet& sheet, const SheetStyle& style);

  [[nodiscard]] SheetLayout places() const;
  [[nodiscard]] Array draw_all(const SheetStyle& style) const;

 private:
  void place_pictures(const Sheet& sheet, const SheetStyle& style);
  void place_texts(const Sheet& sheet, const SheetStyle& style);
  void place_edges();
  [[nodiscard]] std::int64_t caption_height(std::int64_t row) const;
  void draw_cells(Array& image, const SheetStyle& style) const;

  std::int64_t columns_;
  std::int64_t rows_;
  std::vector<Array> pictures_;
  std::vector<Block> captions_;
  std::vector<Block> column_labels_;
  std::vector<Block> row_labels_;
  Block title_;
  Block note_;
  Block column_axis_;
  Block row_axis_;
  Size cell_;
  float text_size_ = 0;
  std::int64_t gap_ = 0;     // between pictures
  std::int64_t space_ = 0;   // between a picture and its texts
  std::int64_t margin_ = 0;  // around the sheet
  std::int64_t left_ = 0;    // where the pictures begin
  std::int64_t top_ = 0;
  std::int64_t head_ = 0;  // where the column axis begins
  Size sheet_;
};

Layout::Layout(const Sheet& sheet, const SheetStyle& style)
    : columns_(sheet.columns),
      rows_((std::ssize(sheet.cells) + sheet.columns - 1) /
            std::max<std::int64_t>(sheet.columns, 1)) {
  place_pictures(sheet, style);
  place_texts(sheet, style);
  place_edges();
}

void Layout::place_pictures(const Sheet& sheet, const SheetStyle& style) {
  constexpr std::int64_t kTileGap = 2;
  for (const SheetCell& cell : sheet.cells) {
    pictures_.push_back(cell.picture.empty() ? Array() : tile(cell.picture, kTileGap, style.paper));
    if (cell.picture.empty()) continue;
    const Size size = size_of(pictures_.back());
    cell_.width = std::max(cell_.width, size.width);
    cell_.height = std::max(cell_.height, size.height);
  }
  constexpr std::int64_t kEmptySide = 64;
  if (cell_.width == 0) cell_ = {.width = kEmptySide, .height = kEmptySide};
}

void Layout::place_texts(const Sheet& sheet, const SheetStyle& style) {
  // Twelve pixels can be read; larger pictures make sheets that are looked at from further away.
  const float width = static_cast<float>(cell_.width);
  text_size_ =
      style.text_size > 0 ? style.text_size : std::clamp(12 + (width - 128) / 32, 12.0F, 48.0F);
  const auto pixels = [&](float part) { return std::lround(text_size_ * part); };
  gap_ = pixels(0.6F);
  space_ = pixels(0.5F);
  margin_ = pixels(1.6F);

  const TextStyle label{.size = text_size_, .bold = false, .color = style.ink};
  const TextStyle small{
      .size = std::max(text_size_ * 0.85F, 10.0F), .bold = false, .color = style.faint};
  const TextStyle axis{.size = small.size, .bold = true, .color = style.faint};

  const std::int64_t line = text_size("", label).height;
  const std::int64_t row_width = std::max<std::int64_t>(cell_.width, pixels(11));
  row_labels_ = make_blocks(sheet.row_labels, row_width,
                            std::max<std::int64_t>(cell_.height / (line + 1), 1), label);
  row_axis_ = make_block(sheet.row_axis, row_width, 1, axis);
  left_ = margin_;
  if (const std::int64_t wide = std::max(largest(row_labels_).width, row_axis_.size.width);
      wide > 0) {
    left_ += wide + pixels(0.9F);
  }
  const std::int64_t grid = columns_ * (cell_.width + gap_) - gap_;
  const std::int64_t full = std::max<std::int64_t>(left_ - margin_ + grid, pixels(28));

  const std::int64_t column_width = columns_ == 1 ? margin_ + full - left_ : cell_.width;
  column_labels_ = make_blocks(sheet.column_labels, column_width, kLabelLines, label);
  column_axis_ = make_block(sheet.column_axis, margin_ + full - left_, 1, axis);
  for (const SheetCell& cell : sheet.cells) {
    captions_.push_back(make_block(cell.caption, cell_.width, kCaptionLines, small));
  }
  title_ = make_block(sheet.title, full, kTitleLines,
                      {.size = text_size_ * 1.5F, .bold = true, .color = style.ink});
  note_ = make_block(sheet.note, full, kNoteLines, small);
  sheet_.width = margin_ + full + margin_;
}

void Layout::place_edges() {
  std::int64_t y = margin_;
  if (title_.size.height > 0) y += title_.size.height + space_;
  if (note_.size.height > 0) y += note_.size.height + space_;
  if (y > margin_) y += space_;
  head_ = y;
  const bool on_one_line = column_axis_.size.height > 0;
  if (on_one_line) y += column_axis_.size.height + space_;
  const std::int64_t labels =
      std::max(largest(column_labels_).height, on_one_line ? 0 : row_axis_.size.height);
  if (labels > 0) y += labels + space_;
  top_ = y;
  sheet_.height = top_ + margin_ - gap_;
  for (std::int64_t row = 0; row < rows_; ++row)
    sheet_.height += cell_.height + caption_height(row) + gap_;
}

std::int64_t Layout::caption_height(std::int64_t row) const {
  std::int64_t height = 0;
  for (std::int64_t i = row * columns_; i < std::min((row + 1) * columns_, std::ssize(captions_));
       ++i) {
    height = std::max(height, captions_[static_cast<std::size_t>(i)].size.height);
  }
  return height == 0 ? 0 : height + space_ + space_;
}

SheetLayout Layout::places() const {
  SheetLayout layout{.size = sheet_, .places = {}};
  std::int64_t y = top_;
  for (std::int64_t i = 0; i < std::ssize(pictures_); ++i) {
    const std::int64_t column = i % columns_;
    if (column == 0 && i > 0) y += cell_.height + caption_height(i / columns_ - 1) + gap_;
    const Array& picture = pictures_[static_cast<std::size_t>(i)];
    const Size size = picture.empty() ? cell_ : size_of(picture);
    const std::int64_t x = left_ + column * (cell_.width + gap_);
    layout.places.push_back({.corner = {.x = x + (cell_.width - size.width) / 2,
                                        .y = y + (cell_.height - size.height) / 2},
                             .size = size});
  }
  return layout;
}

void Layout::draw_cells(Array& image, const SheetStyle& style) const {
  const std::vector<SheetPlace> places = this->places().places;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [corner, size] = places[i];
    if (pictures_[i].empty()) {
      fill(image, corner, size, style.empty);
    } else {
      paste(image, pictures_[i], corner);
    }
    // The cell around the picture has the labels.
    const Point cell{.x = corner.x - (cell_.width - size.width) / 2,
                     .y = corner.y - (cell_.height - size.height) / 2};
    draw_centred(image, captions_[i], {.x = cell.x, .y = cell.y + cell_.height + space_},
                 cell_.width);
    if (const std::size_t row = i / static_cast<std::size_t>(columns_);
        i % static_cast<std::size_t>(columns_) == 0 && row < row_labels_.size()) {
      const Block& label = row_labels_[row];
      draw(image, label, {.x = margin_, .y = cell.y + (cell_.height - label.size.height) / 2});
    }
  }
}

Array Layout::draw_all(const SheetStyle& style) const {
  require(sheet_.width <= kMaxSheetSide && sheet_.height <= kMaxSheetSide &&
              sheet_.width * sheet_.height <= kMaxSheetPixels,
          Fault::bad_input,
          "a sheet of {}x{} pixels is too large: at most {} on a side, and {} in all", sheet_.width,
          sheet_.height, kMaxSheetSide, kMaxSheetPixels);
  Array image = blank(sheet_, style.paper);
  draw(image, title_, {.x = margin_, .y = margin_});
  draw(image, note_,
       {.x = margin_, .y = margin_ + (title_.size.height > 0 ? title_.size.height + space_ : 0)});
  draw(image, column_axis_, {.x = left_, .y = head_});
  draw(image, row_axis_, {.x = margin_, .y = top_ - space_ - row_axis_.size.height});
  for (std::size_t i = 0; i < column_labels_.size(); ++i) {
    const Block& label = column_labels_[i];
    const Point corner{.x = left_ + static_cast<std::int64_t>(i) * (cell_.width + gap_),
                       .y = top_ - space_ - label.size.height};
    if (columns_ == 1) {
      draw(image, label, corner);
    } else {
      draw_centred(image, label, corner, cell_.width);
    }
  }
  draw_cells(image, style);
  return image;
}

void check(const Sheet& sheet) {
  require(sheet.columns > 0 && !sheet.cells.empty(), Fault::bad_input,
          "a contact sheet of {} columns and {} pictures is empty", sheet.columns,
          sheet.cells.size());
  const std::int64_t rows = (std::ssize(sheet.cells) + sheet.columns - 1) / sheet.columns;
  const auto fits = [](const std::vector<std::string>& labels, std::int64_t count) {
    return labels.empty() || std::ssize(labels) == count;
  };
  require(fits(sheet.column_labels, sheet.columns) && fits(sheet.row_labels, rows),
          Fault::bad_input, "a contact sheet of {} columns and {} rows has {} and {} labels",
          sheet.columns, rows, sheet.column_labels.size(), sheet.row_labels.size());
}

}  // namespace

SheetLayout layout_of(const Sheet& sheet, const SheetStyle& style) {
  check(sheet);
  return Layout(sheet, style).places();
}

Array contact_sheet(const Sheet& sheet, const SheetStyle& style) {
  check(sheet);
  return Layout(sheet, style).draw_all(style);
}

}  // namespace sagitta::draw
