// UnetPass: what the hooks may know about the network call they are in. Every call says what its
// rows are, so that a hook is right however the conditionings were batched, chunked or cropped.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/nn/run_scratch.h"

#include <string>
#include <vector>

namespace sagitta {

// What a row of a network call is evaluated for.
enum class Role {
  cond,           // the positive conditioning
  uncond,         // the negative conditioning
  degraded,       // the negative conditioning on a degraded latent (Self-Attention Guidance)
  degraded_cond,  // the positive conditioning on a degraded latent
  perturbed,      // an extra pass with changed attention (PAG and its kin)
  extra,          // a further conditioning, of a guidance method or a guider
};

// What stands at each position of a text context; empty for begin, end and padding.
using TokenTexts = std::vector<std::string>;

// A rectangle in cells: latent cells for areas.
struct Area {
  std::int64_t y = 0;
  std::int64_t x = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  bool operator==(const Area&) const = default;
};

struct Row {
  Role role = Role::cond;
  int item = 0;                    // which latent of the batch
  Area area;                       // the part of the latent that this row sees
  const Array* weight = nullptr;   // (area.height, area.width): how much each cell counts; null = 1
  const TokenTexts* tokens = nullptr;  // of its context; null: not known
};

struct UnetPass {
  std::vector<Row> rows;           // one per row of the network's batch; empty: not said
  float sigma = 0;                 // noise level of the step
  std::int64_t latent_height = 0;  // the whole latent, of which areas are parts
  std::int64_t latent_width = 0;
  RunScratch* scratch = nullptr;   // never null during sampling
};

}  // namespace sagitta
