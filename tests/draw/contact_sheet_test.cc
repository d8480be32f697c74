#include "sagitta/draw/contact_sheet.h"

#include "sagitta/base/error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sagitta::draw {
namespace {

// A picture of one value that occurs nowhere else on a sheet.
SheetCell cell(float value, std::int64_t height = 20, std::int64_t width = 30) {
  return {.picture = Array({height, width, 3}, value), .caption = {}};
}

Sheet plain(std::int64_t columns, std::vector<SheetCell> cells) {
  Sheet sheet;
  sheet.columns = columns;
  sheet.cells = std::move(cells);
  return sheet;
}

struct Place {
  std::int64_t left = 1 << 20;
  std::int64_t top = 1 << 20;
  std::int64_t right = -1;
  std::int64_t bottom = -1;
  std::int64_t pixels = 0;
};

// The box of all pixels that have exactly that value.
Place find(const Array& image, float value) {
  Place place;
  for (std::int64_t y = 0; y < image.dim(0); ++y) {
    for (std::int64_t x = 0; x < image.dim(1); ++x) {
      const float* at = image.data() + (y * image.dim(1) + x) * 3;
      if (at[0] != value || at[1] != value || at[2] != value) continue;
      place.left = std::min(place.left, x);
      place.right = std::max(place.right, x);
      place.top = std::min(place.top, y);
      place.bottom = std::max(place.bottom, y);
      ++place.pixels;
    }
  }
  return place;
}

TEST(ContactSheet, ShowsEveryPictureOnceAndWhole) {
  const Array image =
      contact_sheet(plain(2, {cell(0.11F), cell(0.12F), cell(0.13F), cell(0.14F), cell(0.15F)}));
  for (const float value : {0.11F, 0.12F, 0.13F, 0.14F, 0.15F}) {
    const Place place = find(image, value);
    EXPECT_EQ(place.pixels, 20 * 30) << value;
    EXPECT_EQ(place.right - place.left, 29) << value;
  }
  const Place first = find(image, 0.11F);
  const Place second = find(image, 0.12F);
  const Place third = find(image, 0.13F);
  EXPECT_EQ(first.top, second.top);
  EXPECT_GT(second.left, first.right + 1);
  EXPECT_EQ(first.left, third.left);
  EXPECT_GT(third.top, first.bottom + 1);
}

TEST(ContactSheet, LabelsTakeRoomAndMoveNothingApart) {
  const std::vector<SheetCell> cells = {cell(0.11F), cell(0.12F), cell(0.13F), cell(0.14F)};
  const Array bare = contact_sheet(plain(2, cells));
  Sheet sheet = plain(2, cells);
  sheet.title = "Title";
  sheet.column_axis = "CFG";
  sheet.row_axis = "SAG";
  sheet.column_labels = {"a", std::string(400, 'w')};
  sheet.row_labels = {"first row", ""};
  sheet.cells[1].caption = "a caption that needs more than a line";
  const Array image = contact_sheet(sheet);
  EXPECT_GT(image.dim(0), bare.dim(0));
  EXPECT_GT(find(image, 0.11F).left, find(bare, 0.11F).left);
  for (const float value : {0.11F, 0.12F, 0.13F, 0.14F}) EXPECT_EQ(find(image, value).pixels, 600);
  EXPECT_EQ(find(image, 0.12F).left - find(image, 0.11F).left,
            find(bare, 0.12F).left - find(bare, 0.11F).left);
}

TEST(ContactSheet, CentresSmallPicturesAndLeavesEmptyPlaces) {
  SheetStyle style;
  style.empty = {.red = 0.5F, .green = 0.5F, .blue = 0.5F};
  const Array image = contact_sheet(
      plain(3, {cell(0.11F), cell(0.12F, 10, 10), {.picture = {}, .caption = "missing"}}), style);
  const Place large = find(image, 0.11F);
  const Place small = find(image, 0.12F);
  EXPECT_EQ(small.pixels, 100);
  EXPECT_EQ(small.top, large.top + 5);
  EXPECT_EQ(find(image, 0.5F).pixels, 600);
}

TEST(ContactSheet, TilesBatches) {
  const Array image =
      contact_sheet(plain(1, {{.picture = Array({2, 20, 30, 3}, 0.11F), .caption = {}}}));
  const Place place = find(image, 0.11F);
  EXPECT_EQ(place.pixels, 2 * 600);
  EXPECT_EQ(place.bottom - place.top, 19);
}

TEST(ContactSheet, RefusesWhatDoesNotFit) {
  EXPECT_THROW(static_cast<void>(contact_sheet(plain(1, {}))), Error);
  EXPECT_THROW(static_cast<void>(contact_sheet(plain(0, {cell(0)}))), Error);
  Sheet sheet = plain(2, {cell(0), cell(0)});
  sheet.column_labels = {"one"};
  EXPECT_THROW(static_cast<void>(contact_sheet(sheet)), Error);
  const std::vector<SheetCell> many(2000, cell(0));
  EXPECT_THROW(static_cast<void>(contact_sheet(plain(2000, many))), Error);
}

}  // namespace
}  // namespace sagitta::draw
