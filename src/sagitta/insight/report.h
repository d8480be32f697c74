// The figures of a record as JSON: what insight.json says.
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/insight/record.h"

namespace sagitta::insight {

// Layers, size, query point and texts of a run, and what the figures and pictures mean.
[[nodiscard]] Json header_of(const InsightRecord& record);

// Prediction, sigma, mask coverage and norms of a step. sag_to_cfg is
//   || (degraded - prediction(degraded)) * sag_scale || / || (cond - uncond) * (cfg - 1) ||
// and null where there is no SAG or the denominator is 0.
[[nodiscard]] Json figures_of(const InsightStep& step);

}  // namespace sagitta::insight
