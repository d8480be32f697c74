// Schedules: the falling lists of sigmas that a sampler walks down, chosen by name for a model. A
// list has one sigma more than the run has steps, and usually ends with 0.
#pragma once

#include "sagitta/diffusion/model_sampling.h"

#include <span>
#include <string_view>
#include <vector>

namespace sagitta {

using Sigmas = std::vector<float>;

struct SchedulerDef {
  std::string_view name;
  Sigmas (*sigmas)(const ModelSampling& sampling, int steps);
};

// The schedulers by the names that workflows use, in the order in which they are offered.
[[nodiscard]] std::span<const SchedulerDef> schedulers();

// Throws bad_input, with the known names, for an unknown one.
[[nodiscard]] const SchedulerDef& find_scheduler(std::string_view name);

// The most steps that a schedule may have.
inline constexpr int kMaxSteps = 10000;

// Throws bad_input unless steps lies in 1..kMaxSteps.
void require_steps(int steps);

// The sigmas of a run of `steps` (1..kMaxSteps) at `denoise` (0..1): for less than 1 a schedule of
// int(steps / denoise) steps is cut to its last `steps`; for 0 there is nothing to do and the list
// is empty. discard_penultimate computes one step more and drops the last sigma but one, which
// suits samplers that use the midpoint of a step. A scheduler may give more or fewer sigmas than
// asked for.
[[nodiscard]] Sigmas make_sigmas(const SchedulerDef& scheduler, const ModelSampling& sampling,
                                 int steps, double denoise = 1, bool discard_penultimate = false);

}  // namespace sagitta
