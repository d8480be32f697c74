#include "sagitta/insight/sheets.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/draw/contact_sheet.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace sagitta::insight {
namespace {

constexpr std::int64_t kSheetSide = 128;  // of the longer side of a panel in the contact sheet
constexpr std::int64_t kWordSide = 192;
constexpr std::int64_t kFrameSide = 256;

// A panel's picture, made smaller if its longer side is above the limit.
Array at_most(const Array& picture, std::int64_t side) {
  const std::int64_t longer = std::max(picture.dim(0), picture.dim(1));
  if (longer <= side) return picture;
  const Array planes = to_channels_first(picture.reshaped({1, picture.dim(0), picture.dim(1), 3}));
  const Array small = to_channels_last(
      resize(planes, std::max<std::int64_t>(picture.dim(0) * side / longer, 1),
             std::max<std::int64_t>(picture.dim(1) * side / longer, 1), ResizeMethod::area));
  return small.reshaped({small.dim(1), small.dim(2), 3});
}

// Numbers 0..count-1, or that many of them from the first to the last.
std::vector<std::size_t> picked(std::size_t count, std::size_t most) {
  std::vector<std::size_t> numbers;
  const std::size_t places = std::min(count, most);
  for (std::size_t i = 0; i < places; ++i) {
    numbers.push_back(places == 1 ? 0 : (i * (count - 1) + (places - 1) / 2) / (places - 1));
  }
  return numbers;
}

// A row of the sheet: panels of one kind, and of the same number among the words.
struct SheetRow {
  PanelKind kind;
  std::size_t index;
  std::string label;
};

std::vector<SheetRow> rows_of(const PanelTable& panels) {
  std::vector<SheetRow> rows;
  std::size_t words = 0;
  for (const std::vector<Panel>& step : panels) {
    std::size_t word = 0;
    for (const Panel& panel : step) {
      const bool is_word = panel.kind == PanelKind::word;
      if (is_word ? word++ < words : std::ranges::any_of(rows, [&](const SheetRow& row) {
            return row.kind == panel.kind;
          })) {
        continue;
      }
      rows.push_back({.kind = panel.kind,
                      .index = is_word ? words++ : 0,
                      .label = is_word ? fmt::format("\u201c{}\u201d", panel.word)
                               : panel.kind == PanelKind::mask ? "mask"
                                                               : panel.title});
    }
  }
  std::ranges::stable_sort(rows, {}, [](const SheetRow& row) { return row.kind; });
  return rows;
}

std::string sigma_text(float sigma) {
  return fmt::format("\u03c3 {:.{}f}", sigma, sigma < 1 ? 3 : sigma < 10 ? 2 : 1);
}

}  // namespace

PanelTable all_panels(const InsightRecord& record, const PanelOptions& options) {
  PanelTable table;
  for (const InsightStep& step : record.steps) {
    table.push_back(panels_of(record, step, options));
  }
  return table;
}

std::vector<Array> same_size(std::vector<Array> pictures) {
  draw::Size size{.width = 1, .height = 1};
  for (const Array& picture : pictures) {
    if (picture.empty()) continue;
    size.width = std::max(size.width, picture.dim(1));
    size.height = std::max(size.height, picture.dim(0));
  }
  for (Array& picture : pictures) {
    if (!picture.empty() && draw::size_of(picture) == size) continue;
    Array full = draw::blank(size, draw::SheetStyle{}.paper);
    if (!picture.empty()) draw::paste(full, picture, {});
    picture = std::move(full);
  }
  return pictures;
}

Array contact_sheet(const InsightRecord& record, const PanelTable& panels, std::string_view title) {
  const std::vector<SheetRow> rows = rows_of(panels);
  const std::vector<std::size_t> columns = picked(panels.size(), kMostColumns);
  draw::Sheet sheet;
  sheet.title = std::string(title);
  sheet.note =
      "received attention: 0 to 3 times the mean; effect and query: 0 to the step's "
      "largest value; words: smallest to largest";
  sheet.columns = static_cast<std::int64_t>(columns.size());
  for (const std::size_t column : columns) {
    const InsightStep& step = record.steps[column];
    sheet.column_labels.push_back(fmt::format("{}\n{}", step.prediction, sigma_text(step.sigma)));
  }
  sheet.column_axis = "prediction";
  for (const SheetRow& row : rows) {
    sheet.row_labels.push_back(row.label);
    for (const std::size_t column : columns) {
      const Panel* const panel = find_panel(panels[column], row.kind, row.index);
      sheet.cells.push_back({});
      if (panel == nullptr) continue;
      sheet.cells.back().picture = at_most(panel->picture, kSheetSide);
      if (row.kind == PanelKind::mask) sheet.cells.back().caption = panel->title;
    }
  }
  return draw::contact_sheet(sheet, {.text_size = 13});
}

Array word_sheet(const std::vector<Panel>& panels) {
  draw::Sheet sheet;
  for (const Panel& panel : panels) {
    if (panel.kind == PanelKind::word) {
      sheet.cells.push_back({.picture = at_most(panel.picture, kWordSide), .caption = panel.title});
    }
  }
  if (sheet.cells.empty()) return {};
  constexpr double kRows = 0.5;  // rows per column
  sheet.columns =
      std::llround(std::ceil(std::sqrt(static_cast<double>(sheet.cells.size()) / kRows)));
  return draw::contact_sheet(sheet);
}

std::vector<Array> animation_frames(const InsightRecord& record, const PanelTable& panels) {
  std::vector<Array> frames;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    draw::Sheet sheet;
    for (const PanelKind kind : {PanelKind::picture, PanelKind::attention, PanelKind::mask,
                                 PanelKind::effect, PanelKind::query}) {
      const Panel* const panel = find_panel(panels[i], kind);
      if (panel == nullptr) continue;
      sheet.cells.push_back(
          {.picture = at_most(panel->picture, kFrameSide), .caption = panel->title});
    }
    sheet.columns = static_cast<std::int64_t>(sheet.cells.size());
    sheet.title = fmt::format("{} of {}, {}", record.steps[i].prediction,
                              record.steps.back().prediction, sigma_text(record.steps[i].sigma));
    frames.push_back(draw::contact_sheet(sheet));
  }
  return same_size(std::move(frames));
}

}  // namespace sagitta::insight
