#include "sagitta/diffusion/guidance/sag.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace sagitta {
namespace {

constexpr std::int64_t kSmallestSide = 5;  // the blur's reflect padding of 4 needs it

// The first transformer of the middle block: the coarsest attention that looks at the whole picture.
constexpr AttnSite kSite{.stage = Stage::middle, .block = 0, .depth = 0};

// Received attention of the negative rows of one evaluation, however many network calls and areas
// they came in. The mean over entries is weighted as their predictions are.
struct ReceivedMap {
  Array sum;     // (B, H, W)
  Array weight;  // (B, H, W); empty: nothing recorded

  void add(const ReceivedAttention& seen);
  [[nodiscard]] Array mean() const;
};

void ReceivedMap::add(const ReceivedAttention& seen) {
  const UnetPass& pass = seen.pass;
  int items = 0;
  for (const Row& row : pass.rows) items = std::max(items, row.item + 1);
  const Shape shape{items, pass.latent_height, pass.latent_width};
  if (sum.shape() != shape) {
    sum = Array(shape);
    weight = Array(shape);
  }
  for (std::size_t i = 0; i < pass.rows.size(); ++i) {
    const Row& row = pass.rows[i];
    if (row.role != Role::uncond) continue;
    const Area& area = row.area;
    const Array cells = sag::to_cells(seen.values.slice(static_cast<std::int64_t>(i), 1), seen.grid,
                                      area.height, area.width);
    for (std::int64_t y = 0; y < area.height; ++y) {
      for (std::int64_t x = 0; x < area.width; ++x) {
        const auto from = static_cast<std::size_t>(y * area.width + x);
        const auto to = static_cast<std::size_t>(
            (row.item * pass.latent_height + area.y + y) * pass.latent_width + area.x + x);
        const float share = row.weight != nullptr ? (*row.weight)[from] : 1.0F;
        sum[to] += cells[from] * share;
        weight[to] += share;
      }
    }
  }
}

// Cells that no negative covers receive nothing.
Array ReceivedMap::mean() const {
  Array result = sum;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = weight[i] != 0 ? result[i] / weight[i] : 0.0F;
  }
  return result;
}

Array guide(const CfgState& state, const SagParams& params, ReceivedMap received) {
  const Array attention = received.mean();
  const Array mask = sag::mask(attention);
  const Array degraded =
      sag::degrade(state.uncond, sag::blur(state.uncond, params.blur_sigma), mask);
  const Array noised = degraded + state.x - state.uncond;
  const Array prediction = state.denoise(Role::degraded, noised, state.patches);
  const Array push = (degraded - prediction) * params.scale;
  Array result = state.result + push;
  for (const SagObserver& observe : state.sag_observers) {
    observe({.site = kSite,
             .sigma = state.sigma,
             .received = attention,
             .mask = mask,
             .x0 = state.uncond,
             .degraded = degraded,
             .prediction = prediction,
             .push = push,
             .result = result,
             .scratch = state.scratch});
  }
  return result;
}

// Index -4 is cell 4, index H is cell H - 2: the border cell itself is not repeated.
std::int64_t reflect(std::int64_t i, std::int64_t size) {
  if (i < 0) return -i;
  return i < size ? i : 2 * (size - 1) - i;
}

}  // namespace

Model with_sag(Model model, const SagParams& params) {
  if (params.scale == 0) return model;
  require(!model.unet || model.unet.spec().middle_depth > 0, Fault::unsupported,
          "Self-Attention Guidance needs self-attention in the middle block, and this model has none");
  const HookId id = make_hook_id();
  model.needs_uncond = true;
  model.patches = model.patches.observe_received(
      kSite, Role::uncond, [id](const ReceivedAttention& seen) {
        seen.pass.scratch->get<ReceivedMap>(id).add(seen);
      });
  model.post_cfg.emplace_back([id, params](const CfgState& state) {
    // Taken, not read: a step in which no negative was active must not see the map of an earlier one.
    ReceivedMap received = std::exchange(state.scratch.get<ReceivedMap>(id), {});
    const bool too_small = std::min(state.x.dim(2), state.x.dim(3)) < kSmallestSide;
    if (received.weight.empty() || too_small) return state.result;
    return guide(state, params, std::move(received));
  });
  return model;
}

namespace sag {

Array blur(const Array& x, float sigma, int taps) {
  if (sigma == 0) return x;
  const int radius = taps / 2;
  const std::int64_t height = x.dim(2);
  const std::int64_t width = x.dim(3);
  require(std::min(height, width) > radius, Fault::bad_input,
          "a blur of {} taps wants more than {} cells a side, got {}x{}", taps, radius, height, width);
  std::vector<double> kernel;
  double total = 0;
  for (int k = -radius; k <= radius; ++k) {
    const double t = static_cast<double>(k) / sigma;
    kernel.push_back(std::exp(-0.5 * t * t));
    total += kernel.back();
  }
  for (double& tap : kernel) tap /= total;

  Array out(x.shape());
  std::vector<double> rows(static_cast<std::size_t>(height * width));  // blurred along x
  for (std::int64_t plane = 0; plane < x.dim(0) * x.dim(1); ++plane) {
    const float* from = x.data() + plane * height * width;
    float* to = out.data() + plane * height * width;
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t col = 0; col < width; ++col) {
        double sum = 0;
        for (int k = -radius; k <= radius; ++k) {
          sum += kernel[static_cast<std::size_t>(k + radius)] * from[row * width + reflect(col + k, width)];
        }
        rows[static_cast<std::size_t>(row * width + col)] = sum;
      }
    }
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t col = 0; col < width; ++col) {
        double sum = 0;
        for (int k = -radius; k <= radius; ++k) {
          sum += kernel[static_cast<std::size_t>(k + radius)] *
                 rows[static_cast<std::size_t>(reflect(row + k, height) * width + col)];
        }
        to[row * width + col] = static_cast<float>(sum);
      }
    }
  }
  return out;
}

Array to_cells(const Array& values, Grid grid, std::int64_t height, std::int64_t width) {
  require(values.rank() == 2 && values.dim(1) == grid.rows * grid.cols, Fault::internal,
          "values of shape {} do not fit a grid of {}x{}", to_string(values.shape()), grid.rows,
          grid.cols);
  const auto source = [](std::int64_t i, std::int64_t from, std::int64_t to) {
    const float ratio = static_cast<float>(from) / static_cast<float>(to);
    return std::min(static_cast<std::int64_t>(static_cast<float>(i) * ratio), from - 1);
  };
  Array out({values.dim(0), height, width});
  std::size_t i = 0;
  for (std::int64_t n = 0; n < values.dim(0); ++n) {
    for (std::int64_t y = 0; y < height; ++y) {
      const std::int64_t row = (n * grid.rows + source(y, grid.rows, height)) * grid.cols;
      for (std::int64_t x = 0; x < width; ++x) {
        out[i++] = values[static_cast<std::size_t>(row + source(x, grid.cols, width))];
      }
    }
  }
  return out;
}

Array mask(Array received, float threshold) {
  for (float& value : received.values()) value = value > threshold ? 1.0F : 0.0F;
  return received;
}

Array degrade(const Array& x0, const Array& blurred, const Array& mask) {
  Array out = x0;
  const auto cells = static_cast<std::size_t>(x0.dim(2) * x0.dim(3));
  const auto channels = static_cast<std::size_t>(x0.dim(1));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float share = mask[i / (channels * cells) * cells + i % cells];
    out[i] = blurred[i] * share + x0[i] * (1 - share);
  }
  return out;
}

}  // namespace sag
}  // namespace sagitta
