#include "sagitta/insight/panels.h"

#include "sagitta/base/error.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/preview.h"
#include "sagitta/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta::insight {
namespace {

constexpr float kMostAttention = 3;  // drawn brightest; the mean is 1
constexpr std::int64_t kCellPixels = 8;

// Draws the panels of one step.
class Painter {
 public:
  Painter(const InsightRecord& record, const InsightStep& step, const PanelOptions& options)
      : record_(record),
        step_(step),
        options_(options),
        size_(panel_size(record, options)),
        picture_(shown(step.denoised)) {}

  std::vector<Panel> all() {
    add_latent(PanelKind::picture, "prediction", step_.denoised);
    if (!step_.received.empty()) {
      add_map(PanelKind::attention, "attention received", step_.received, step_.grid,
              {.low = 0, .high = kMostAttention});
    }
    if (step_.sag) add_sag(*step_.sag);
    if (step_.query) add_query(*step_.query);
    for (const TextMaps& text : step_.texts) add_words(text);
    return std::move(panels_);
  }

 private:
  // A latent as a picture of the panels' size.
  [[nodiscard]] Array shown(const Array& latent) const {
    const Array image = options_.vae != nullptr
                            ? decode(*options_.vae, latent / record_.latent_scale)
                            : preview_image(latent, record_.unet);
    return fitted(to_channels_first(image));
  }

  // (1, 3, h, w) as (H, W, 3).
  [[nodiscard]] Array fitted(const Array& planes) const {
    const Array out = to_channels_last(
        resize(planes, size_.height, size_.width,
               options_.vae != nullptr ? ResizeMethod::bicubic : ResizeMethod::nearest_exact));
    Array picture = out.reshaped({size_.height, size_.width, 3});
    for (float& value : picture.values()) value = std::clamp(value, 0.0F, 1.0F);
    return picture;
  }

  // A map of cells at panel size. Cells of one token are brought together first, so that the tokens
  // go over into each other smoothly.
  [[nodiscard]] Array smooth(const Array& map, const Grid& grid) const {
    const bool tokens = grid.rows > 0 && grid.rows <= map.dim(0) && grid.cols <= map.dim(1);
    return resize_bilinear(tokens ? resize(map, grid.rows, grid.cols, ResizeMethod::area) : map,
                           size_.height, size_.width);
  }

  void add_latent(PanelKind kind, std::string title, const Array& latent) {
    panels_.push_back({.kind = kind,
                       .title = std::move(title),
                       .word = {},
                       .picture = kind == PanelKind::picture ? picture_ : shown(latent),
                       .values = latent.reshaped({latent.dim(1), latent.dim(2), latent.dim(3)})});
  }

  void add_map(PanelKind kind, std::string title, const Array& map, const Grid& grid,
               const HeatScale& scale, std::string word = {}) {
    panels_.push_back({.kind = kind,
                       .title = std::move(title),
                       .word = std::move(word),
                       .picture = heat_overlay(smooth(map, grid), scale, picture_),
                       .values = map,
                       .scale = scale});
  }

  void add_sag(const SagInsight& sag) {
    Array mask = resize(sag.mask, size_.height, size_.width, ResizeMethod::nearest_exact);
    Array shade = picture_;  // bright where the mask is 1
    constexpr float kShade = 0.2F;
    for (std::size_t i = 0; i < shade.size(); ++i) {
      shade[i] *= mask[i / 3] > 0 ? 1.0F : kShade;
    }
    panels_.push_back({.kind = PanelKind::mask,
                       .title = fmt::format("mask, {:.0f} %", 100 * sag.coverage),
                       .word = {},
                       .picture = std::move(shade),
                       .values = sag.mask,
                       .scale = {}});
    add_latent(PanelKind::x0,
               step_.role == Role::uncond ? "negative prediction" : "positive prediction", sag.x0);
    add_latent(PanelKind::degraded, "degraded", sag.degraded);
    add_map(PanelKind::effect, "effect of the degradation", sag.effect, {},
            {.low = 0, .high = std::ranges::max(sag.effect.values())});
  }

  void add_query(const TokenPlane& query) {
    const HeatScale scale{.low = 0, .high = std::ranges::max(query.values.values())};
    const double cell = static_cast<double>(size_.width) / static_cast<double>(record_.width);
    const auto pixels = [&](std::int64_t cells) {
      return std::max<std::int64_t>(std::lround(static_cast<double>(cells) * cell), 1);
    };
    const Array spread =
        resize_bilinear(query.values, pixels(query.area.height), pixels(query.area.width));
    Array map({size_.height, size_.width});  // 0 outside of the area
    const std::int64_t top = std::lround(static_cast<double>(query.area.y) * cell);
    const std::int64_t left = std::lround(static_cast<double>(query.area.x) * cell);
    for (std::int64_t y = 0; y < std::min(spread.dim(0), size_.height - top); ++y) {
      std::copy_n(spread.data() + y * spread.dim(1), std::min(spread.dim(1), size_.width - left),
                  map.data() + (top + y) * size_.width + left);
    }
    Array picture = heat_overlay(map, scale, picture_);
    mark_point(picture);
    panels_.push_back(
        {.kind = PanelKind::query,
         .title = fmt::format("attention of ({:.2f}, {:.2f})", record_.query_x, record_.query_y),
         .word = {},
         .picture = std::move(picture),
         .values = query.values,
         .scale = scale});
  }

  // A ring around the query point.
  void mark_point(Array& picture) const {
    const auto centre_x = static_cast<double>(record_.query_x) * static_cast<double>(size_.width);
    const auto centre_y = static_cast<double>(record_.query_y) * static_cast<double>(size_.height);
    const double radius = static_cast<double>(std::min(size_.width, size_.height)) / 40;
    std::size_t i = 0;
    for (std::int64_t y = 0; y < size_.height; ++y) {
      for (std::int64_t x = 0; x < size_.width; ++x, i += 3) {
        const double distance = std::hypot(static_cast<double>(x) + 0.5 - centre_x,
                                           static_cast<double>(y) + 0.5 - centre_y);
        const double white = std::clamp(2.0 - std::abs(distance - radius), 0.0, 1.0);
        const double black = std::clamp(3.5 - std::abs(distance - radius), 0.0, 1.0);
        for (std::size_t c = 0; c < 3; ++c) {
          const double dark = picture[i + c] * (1 - black);
          picture[i + c] = static_cast<float>(dark + (1 - dark) * white);
        }
      }
    }
  }

  void add_words(const TextMaps& text) {
    const std::int64_t height = text.maps.dim(1);
    const std::int64_t width = text.maps.dim(2);
    for (std::size_t i = 0; i < text.labels.size(); ++i) {
      const Array map = text.maps.slice(static_cast<std::int64_t>(i), 1).reshaped({height, width});
      const auto [low, high] = std::ranges::minmax(map.values());
      add_map(PanelKind::word, text.labels[i], map, text.grid, {.low = low, .high = high},
              text.labels[i]);
    }
  }

  const InsightRecord& record_;
  const InsightStep& step_;
  PanelOptions options_;
  draw::Size size_;
  Array picture_;
  std::vector<Panel> panels_;
};

}  // namespace

std::string_view name_of(PanelKind kind) {
  constexpr std::array<std::string_view, 8> kNames{"picture",  "attention", "mask",  "x0",
                                                   "degraded", "effect",    "query", "word"};
  return kNames.at(static_cast<std::size_t>(kind));
}

draw::Size panel_size(const InsightRecord& record, const PanelOptions& options) {
  const std::int64_t side = std::max<std::int64_t>(std::min(record.height, record.width), 1);
  const std::int64_t pixels = std::max(kCellPixels, (options.least_side + side - 1) / side);
  return {.width = record.width * pixels, .height = record.height * pixels};
}

std::vector<Panel> panels_of(const InsightRecord& record, const InsightStep& step,
                             const PanelOptions& options) {
  return Painter(record, step, options).all();
}

const Panel* find_panel(const std::vector<Panel>& panels, PanelKind kind, std::size_t index) {
  for (const Panel& panel : panels) {
    if (panel.kind == kind && index-- == 0) return &panel;
  }
  return nullptr;
}

}  // namespace sagitta::insight
