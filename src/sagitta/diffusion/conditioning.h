// Conditioning: what the network is told about the wanted picture, where, when and how strongly.
// Entries are what the conditioning nodes pass around; prepare() fits them to one sampling run.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/diffusion/concat.h"
#include "sagitta/diffusion/control.h"
#include "sagitta/diffusion/model.h"
#include "sagitta/diffusion/vector_conditioning.h"
#include "sagitta/nn/pass.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace sagitta {

// Where an entry counts: latent cells, or fractions of the latent's height and width.
struct AreaSpec {
  double height = 0;
  double width = 0;
  double y = 0;
  double x = 0;
  bool percentage = false;
};

struct ConditioningEntry {
  std::shared_ptr<const Array> context;          // (1, tokens, width)
  std::shared_ptr<const Array> pooled = {};      // (1, width), may be null
  std::shared_ptr<const TokenTexts> tokens = {};  // of the context; null: not known
  std::optional<SizeConditioning> sizes = {};    // for models with a vector conditioning
  float strength = 1;
  std::optional<AreaSpec> area = {};
  std::shared_ptr<const Array> mask = {};        // (N, H, W) in 0..1, any size; null: everywhere
  float mask_strength = 1;
  bool mask_bounds = false;                      // evaluate only the bounding box of the mask
  double start_percent = 0;                      // part of the schedule in which the entry is active
  double end_percent = 1;
  std::shared_ptr<const Control> control = {};   // steers the network by a picture; null: nothing does
  bool control_for_negative = false;             // negatives without a control take over this one
  std::shared_ptr<const Array> control_context = {};  // (1, tokens, width) for ControlNets; null: context
  bool elsewhere = false;                        // acts only where no other entry of its list does
  // For networks that see a picture beside the noise (diffusion/concat.h), of any size.
  std::shared_ptr<const Array> concat_latent = {};  // (N, C, h, w) in VAE scale; null: the run's own
  std::shared_ptr<const Array> concat_mask = {};    // (N, 1, H, W); null: the run's noise mask
};

using Conditioning = std::vector<ConditioningEntry>;

// An entry fitted to a run: areas in cells, masks at latent size, times as sigmas.
struct PreparedEntry {
  std::shared_ptr<const Array> context;
  std::shared_ptr<const TokenTexts> tokens = {};
  std::shared_ptr<const Array> vector;  // (1, width), null where the model wants none
  float strength = 1;
  std::optional<Area> area;
  std::shared_ptr<const Array> mask;  // (N, H, W) of the latent
  float mask_strength = 1;
  double sigma_start = 0;             // active while sigma_end <= sigma <= sigma_start
  double sigma_end = 0;
  std::shared_ptr<const Control> control = {};
  std::shared_ptr<const Array> control_context = {};
  bool elsewhere = false;
  std::vector<std::shared_ptr<const Array>> concat = {};  // (N, c, height, width) of the latent each

  [[nodiscard]] bool active(float sigma) const { return sigma <= sigma_start && sigma >= sigma_end; }
};

struct PreparedConditioning {
  std::vector<PreparedEntry> positive;
  std::vector<PreparedEntry> negative;
  std::vector<PreparedEntry> further = {};  // of guiders with three conditionings
  RunLatent latent = {};
};

// Resolves percentages, masks, times, vectors and concatenated pictures for a model and a latent,
// and gives every area of one list a counterpart in the others, so that all predictions exist
// wherever one does.
[[nodiscard]] PreparedConditioning prepare_conditioning(const Conditioning& positive,
                                                        const Conditioning& negative,
                                                        const Model& model, RunLatent latent,
                                                        const Conditioning& further = {});
// The same for an empty latent of height * width cells.
[[nodiscard]] inline PreparedConditioning prepare_conditioning(const Conditioning& positive,
                                                               const Conditioning& negative,
                                                               const Model& model, std::int64_t height,
                                                               std::int64_t width,
                                                               const Conditioning& further = {}) {
  return prepare_conditioning(positive, negative, model, {.height = height, .width = width}, further);
}

// The part of a latent that an entry sees and how much each cell of it counts: strength, mask, and a
// linear feather of at most 8 cells at the inner edges of an area without a mask.
struct Coverage {
  Area area;
  Array weight;  // (B, area.height, area.width)
};
[[nodiscard]] Coverage coverage_of(const PreparedEntry& entry, std::int64_t batch,
                                   std::int64_t height, std::int64_t width);

// What the others leave of an entry that acts elsewhere: 1 minus their weights, at least 0, in the
// entry's area. Its own strength and mask do not count, as upstream has it.
[[nodiscard]] Coverage coverage_elsewhere(const PreparedEntry& entry,
                                          std::span<const Coverage* const> others,
                                          std::int64_t batch, std::int64_t height, std::int64_t width);

}  // namespace sagitta
