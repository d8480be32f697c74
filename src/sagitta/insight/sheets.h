// Panels put together: the contact sheet of a run, and the frames of its animation.
#pragma once

#include "sagitta/insight/panels.h"

namespace sagitta::insight {

// The panels of every step of a record, in order.
using PanelTable = std::vector<std::vector<Panel>>;
[[nodiscard]] PanelTable all_panels(const InsightRecord& record, const PanelOptions& options);

inline constexpr std::size_t kMostColumns = 8;

// A column for each step, at most kMostColumns of them picked evenly, and a row for each kind of
// panel. (H, W, 3).
[[nodiscard]] Array contact_sheet(const InsightRecord& record, const PanelTable& panels,
                                  std::string_view title);

// What the words of one step look at: a grid of its word panels; empty if there are none.
[[nodiscard]] Array word_sheet(const std::vector<Panel>& panels);

// Pictures (H, W, 3), some of which may be empty, filled up with paper to the size of the largest.
[[nodiscard]] std::vector<Array> same_size(std::vector<Array> pictures);

// A frame for each step: prediction, received attention, mask, effect and query side by side. All
// of one size.
[[nodiscard]] std::vector<Array> animation_frames(const InsightRecord& record,
                                                  const PanelTable& panels);

}  // namespace sagitta::insight
