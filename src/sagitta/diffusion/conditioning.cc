#include "sagitta/diffusion/conditioning.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

std::int64_t whole(double value) { return static_cast<std::int64_t>(std::nearbyint(value)); }

Area to_cells(const AreaSpec& spec, std::int64_t height, std::int64_t width) {
  if (!spec.percentage) {
    return {.y = whole(spec.y), .x = whole(spec.x), .height = whole(spec.height), .width = whole(spec.width)};
  }
  const auto rows = static_cast<double>(height);
  const auto cols = static_cast<double>(width);
  return {.y = whole(spec.y * rows),
          .x = whole(spec.x * cols),
          .height = std::max<std::int64_t>(1, whole(spec.height * rows)),
          .width = std::max<std::int64_t>(1, whole(spec.width * cols))};
}

// The box around all non-zero cells of a mask (N, H, W), at least 8x8 cells.
Area bounds_of(const Array& mask) {
  constexpr std::int64_t kSmallest = 8;
  const std::int64_t height = mask.dim(1);
  const std::int64_t width = mask.dim(2);
  std::int64_t top = height;
  std::int64_t left = width;
  std::int64_t bottom = -1;
  std::int64_t right = -1;
  for (std::int64_t n = 0; n < mask.dim(0); ++n) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        if (mask[static_cast<std::size_t>((n * height + y) * width + x)] == 0) continue;
        top = std::min(top, y);
        bottom = std::max(bottom, y);
        left = std::min(left, x);
        right = std::max(right, x);
      }
    }
  }
  if (bottom < 0) return {.y = 0, .x = 0, .height = kSmallest, .width = kSmallest};
  return {.y = top,
          .x = left,
          .height = std::max(kSmallest, bottom - top + 1),
          .width = std::max(kSmallest, right - left + 1)};
}

// The vector a model wants, or null. Pictures are eight times as large as latents.
std::shared_ptr<const Array> vector_of(const ConditioningEntry& entry, const Model& model,
                                       std::int64_t height, std::int64_t width, bool negative) {
  const std::int64_t wanted = model.unet.spec().vector_width;
  if (wanted == 0) return nullptr;
  require(entry.pooled != nullptr, Fault::bad_input,
          "the model wants a vector conditioning, and this conditioning has no pooled text");
  constexpr std::int64_t kPixels = 8;
  const SizeConditioning whole_picture{.width = width * kPixels,
                                       .height = height * kPixels,
                                       .target_width = width * kPixels,
                                       .target_height = height * kPixels};
  return std::make_shared<const Array>(
      vector_conditioning(*entry.pooled, entry.sizes.value_or(whole_picture), wanted, negative));
}

PreparedEntry prepare(const ConditioningEntry& entry, const Model& model, const RunLatent& latent,
                      bool negative) {
  const std::int64_t height = latent.height;
  const std::int64_t width = latent.width;
  PreparedEntry prepared{.context = entry.context,
                         .tokens = entry.tokens,
                         .vector = vector_of(entry, model, height, width, negative),
                         .strength = entry.strength,
                         .area = {},
                         .mask = {},
                         .mask_strength = entry.mask_strength,
                         .sigma_start = model.sampling.percent_to_sigma(entry.start_percent),
                         .sigma_end = model.sampling.percent_to_sigma(entry.end_percent),
                         .control = entry.control,
                         .control_context = entry.control_context,
                         .elsewhere = entry.elsewhere,
                         .concat = concat_channels(entry, model, latent)};
  if (entry.area) prepared.area = to_cells(*entry.area, height, width);
  if (entry.mask) {
    prepared.mask =
        std::make_shared<const Array>(resize_bilinear(*entry.mask, height, width));
    if (entry.mask_bounds) prepared.area = bounds_of(*prepared.mask);
  }
  return prepared;
}

bool encloses(const Area& outer, const Area& inner) {
  return inner.y >= outer.y && inner.x >= outer.x &&
         outer.y + outer.height >= inner.y + inner.height &&
         outer.x + outer.width >= inner.x + inner.width;
}

// Adds to entries what an area of the other list needs as its opposite: a copy of that area entry
// with the context of the smallest entry here that encloses it.
void add_counterpart(std::vector<PreparedEntry>& entries, const PreparedEntry& other) {
  if (!other.area) return;
  const PreparedEntry* smallest = nullptr;
  for (const PreparedEntry& entry : entries) {
    if (!entry.area) {
      if (smallest == nullptr) smallest = &entry;
    } else if (encloses(*entry.area, *other.area)) {
      if (smallest == nullptr || !smallest->area ||
          smallest->area->height * smallest->area->width > entry.area->height * entry.area->width) {
        smallest = &entry;
      }
    }
  }
  if (smallest == nullptr || (smallest->area && *smallest->area == *other.area)) return;
  PreparedEntry counterpart = other;
  counterpart.context = smallest->context;
  counterpart.tokens = smallest->tokens;
  counterpart.control_context = smallest->control_context;
  counterpart.vector = smallest->vector;
  counterpart.concat = smallest->concat;
  entries.push_back(std::move(counterpart));
}

// Gives the controls of positive entries that are meant for both lists to the negatives, in turn, if
// no negative has one of its own. Entries with areas take no part.
void share_controls(const Conditioning& positive, std::vector<PreparedEntry>& negative) {
  std::vector<PreparedEntry*> takers;
  for (PreparedEntry& entry : negative) {
    if (entry.area) continue;
    if (entry.control) return;
    takers.push_back(&entry);
  }
  if (takers.empty()) return;
  std::size_t next = 0;
  for (const ConditioningEntry& entry : positive) {
    if (!entry.control || !entry.control_for_negative || entry.area) continue;
    takers[next++ % takers.size()]->control = entry.control;
  }
}

// Multiplies row t of each inner edge by (t + 1) / feather.
void feather(Coverage& coverage, std::int64_t latent_height, std::int64_t latent_width) {
  constexpr std::int64_t kMostCells = 8;
  const Area& area = coverage.area;
  const auto ramp = [](std::int64_t from_edge, std::int64_t cells, bool inner) {
    return inner && from_edge < cells
               ? static_cast<float>(from_edge + 1) / static_cast<float>(cells)
               : 1.0F;
  };
  const std::int64_t rows = std::min(kMostCells, area.height / 4);
  const std::int64_t cols = std::min(kMostCells, area.width / 4);
  const bool above = area.y != 0;
  const bool below = area.y + area.height < latent_height;
  const bool before = area.x != 0;
  const bool behind = area.x + area.width < latent_width;
  std::size_t i = 0;
  for (std::int64_t b = 0; b < coverage.weight.dim(0); ++b) {
    for (std::int64_t y = 0; y < area.height; ++y) {
      const float row = ramp(y, rows, above) * ramp(area.height - 1 - y, rows, below);
      for (std::int64_t x = 0; x < area.width; ++x, ++i) {
        coverage.weight[i] *=
            row * ramp(x, cols, before) * ramp(area.width - 1 - x, cols, behind);
      }
    }
  }
}

// The part of a latent that an entry sees.
Area area_of(const PreparedEntry& entry, std::int64_t height, std::int64_t width) {
  Area area{.y = 0, .x = 0, .height = height, .width = width};
  if (!entry.area) return area;
  area.y = std::clamp<std::int64_t>(entry.area->y, 0, height);
  area.x = std::clamp<std::int64_t>(entry.area->x, 0, width);
  area.height = std::min(height - area.y, entry.area->height);
  area.width = std::min(width - area.x, entry.area->width);
  require(area.height > 0 && area.width > 0, Fault::bad_input,
          "the conditioning area at x {}, y {} (latent cells) lies outside the latent of {}x{}",
          entry.area->x, entry.area->y, width, height);
  return area;
}

}  // namespace

PreparedConditioning prepare_conditioning(const Conditioning& positive, const Conditioning& negative,
                                          const Model& model, RunLatent latent,
                                          const Conditioning& further) {
  const auto prepare_all = [&](const Conditioning& entries, bool is_negative) {
    std::vector<PreparedEntry> prepared;
    for (const ConditioningEntry& entry : entries) {
      prepared.push_back(prepare(entry, model, latent, is_negative));
    }
    return prepared;
  };
  PreparedConditioning prepared{.positive = prepare_all(positive, false),
                                .negative = prepare_all(negative, true),
                                .further = prepare_all(further, true)};
  std::vector<PreparedEntry>* const lists[] = {&prepared.positive, &prepared.further,
                                               &prepared.negative};
  for (const auto* list : lists) {
    for (const PreparedEntry& entry : *list) {
      for (auto* other : lists) {
        if (other != list) add_counterpart(*other, entry);
      }
    }
  }
  share_controls(positive, prepared.negative);
  prepared.latent = std::move(latent);
  return prepared;
}

Coverage coverage_of(const PreparedEntry& entry, std::int64_t batch, std::int64_t height,
                     std::int64_t width) {
  Coverage coverage{.area = area_of(entry, height, width), .weight = {}};
  const Area& area = coverage.area;
  coverage.weight = Array({batch, area.height, area.width}, entry.strength);
  if (!entry.mask) {
    if (entry.area) feather(coverage, height, width);
    return coverage;
  }
  const Array& mask = *entry.mask;
  const std::int64_t masks = std::min(mask.dim(0), batch);
  std::size_t i = 0;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t y = 0; y < area.height; ++y) {
      const std::int64_t row = ((b % masks) * height + area.y + y) * width + area.x;
      for (std::int64_t x = 0; x < area.width; ++x, ++i) {
        coverage.weight[i] *= mask[static_cast<std::size_t>(row + x)] * entry.mask_strength;
      }
    }
  }
  return coverage;
}

Coverage coverage_elsewhere(const PreparedEntry& entry, std::span<const Coverage* const> others,
                            std::int64_t batch, std::int64_t height, std::int64_t width) {
  Array left({batch, height, width}, 1);
  for (const Coverage* other : others) {
    const Area& area = other->area;
    const float* weight = other->weight.data();
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t y = 0; y < area.height; ++y) {
        float* to = left.data() + (b * height + area.y + y) * width + area.x;
        for (std::int64_t x = 0; x < area.width; ++x) to[x] -= *weight++;
      }
    }
  }
  for (float& value : left.values()) value = std::max(value, 0.0F);
  Coverage coverage{.area = area_of(entry, height, width), .weight = {}};
  const Area& area = coverage.area;
  const Array cells =
      crop(left.reshaped({batch, 1, height, width}),
           Box{.y = area.y, .x = area.x, .height = area.height, .width = area.width});
  coverage.weight = cells.reshaped({batch, area.height, area.width});
  return coverage;
}

}  // namespace sagitta
