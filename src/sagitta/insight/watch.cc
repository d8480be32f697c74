#include "sagitta/insight/watch.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/insight/attention_rows.h"
#include "sagitta/insight/cell_map.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sagitta {
namespace {

// A positive text of a run: how its positions fall into labelled groups, and their maps.
struct WatchedText {
  const TokenTexts* tokens = nullptr;
  std::vector<std::string> labels;
  std::vector<std::size_t> group_of;  // the last group is of positions without a label
  CellMap maps;
  Grid grid;
};

// What one kind of tokens shows.
struct WatchedSelf {
  CellMap received;
  Grid grid;
  std::optional<TokenPlane> query;
};

struct WatchedPrediction {
  InsightStep step;
  WatchedSelf uncond;
  WatchedSelf cond;
  std::vector<WatchedText> texts;
  bool guided = false;  // calls that follow belong to guidance methods
};

// The state of a run.
struct Watching {
  InsightRecord record;  // without its steps
  std::vector<WatchedPrediction> predictions;

  WatchedPrediction& at(const RunScratch& scratch, float sigma) {
    if (predictions.empty() || predictions.back().step.prediction != scratch.prediction) {
      predictions.emplace_back();
      predictions.back().step.prediction = scratch.prediction;
      predictions.back().step.sigma = sigma;
    }
    return predictions.back();
  }
};

double norm(const Array& x) {
  double sum = 0;
  for (const float value : x.values()) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

// Item `item` of (B, H, W) as (H, W).
Array plane(const Array& x, int item) { return x.slice(item, 1).reshaped({x.dim(1), x.dim(2)}); }

// |a - b| of (1, C, H, W), mean over channels.
Array mean_distance(const Array& a, const Array& b) {
  Array out({a.dim(2), a.dim(3)});
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i % out.size()] += std::abs(a[i] - b[i]) / static_cast<float>(a.dim(1));
  }
  return out;
}

// The grid if its tokens see the whole latent.
Grid whole_grid(Grid grid, const Row& row, const UnetPass& pass) {
  const bool whole = row.area.height == pass.latent_height && row.area.width == pass.latent_width;
  return whole ? grid : Grid{};
}

// The token of a row's grid that covers the query point, if the row's area does.
std::optional<std::int64_t> token_at(const InsightParams& params, const Row& row, Grid grid,
                                     const UnetPass& pass) {
  const auto cell = [](float part, std::int64_t cells) {
    return std::min(static_cast<std::int64_t>(part * static_cast<float>(cells)), cells - 1);
  };
  const std::int64_t y = cell(params.query_y, pass.latent_height) - row.area.y;
  const std::int64_t x = cell(params.query_x, pass.latent_width) - row.area.x;
  if (y < 0 || x < 0 || y >= row.area.height || x >= row.area.width) return std::nullopt;
  return y * grid.rows / row.area.height * grid.cols + x * grid.cols / row.area.width;
}

WatchedText& text_of(WatchedPrediction& seen, const TokenTexts* tokens, std::size_t positions) {
  for (WatchedText& text : seen.texts) {
    if (text.tokens == tokens && (tokens != nullptr || text.group_of.size() == positions))
      return text;
  }
  WatchedText text{.tokens = tokens, .labels = {}, .group_of = {}, .maps = {}, .grid = {}};
  for (std::size_t i = 0; i < positions; ++i) {
    const std::string label = tokens == nullptr ? std::to_string(i) : (*tokens)[i];
    text.group_of.push_back(label.empty() ? positions : text.labels.size());
    if (!label.empty()) text.labels.push_back(label);
  }
  for (std::size_t& group : text.group_of) group = std::min(group, text.labels.size());
  seen.texts.push_back(std::move(text));
  return seen.texts.back();
}

// The hooks of one with_insight().
class Watch {
 public:
  Watch(HookId id, const InsightParams& params, int coarsest)
      : id_(std::move(id)),
        params_(params),
        level_(params.text_level == InsightParams::kCoarsest ? coarsest : params.text_level),
        with_middle_(params.text_level == InsightParams::kCoarsest) {}

  void received(const ReceivedAttention& seen, Role role) const {
    WatchedPrediction& prediction = begin(seen.pass);
    if (prediction.guided) return;
    for (std::size_t i = 0; i < seen.pass.rows.size(); ++i) {
      const Row& row = seen.pass.rows[i];
      if (row.role != role || row.item != params_.item) continue;
      WatchedSelf& self = role == Role::uncond ? prediction.uncond : prediction.cond;
      self.received.add(seen.values.slice(static_cast<std::int64_t>(i), 1), seen.grid, row,
                        seen.pass);
      self.grid = whole_grid(seen.grid, row, seen.pass);
    }
  }

  void self_attention(const AttnCall& call) const {
    const UnetPass& pass = call.layer.pass;
    const Grid grid = call.layer.grid;
    for (std::size_t i = 0; i < pass.rows.size(); ++i) {
      const Row& row = pass.rows[i];
      if (!watches(row, Role::uncond) && !watches(row, Role::cond)) continue;
      WatchedPrediction& prediction = begin(pass);
      WatchedSelf& self = row.role == Role::uncond ? prediction.uncond : prediction.cond;
      const std::optional<std::int64_t> token = token_at(params_, row, grid, pass);
      if (prediction.guided || self.query || !token) continue;
      const Array weights = attention_of_query(call, static_cast<std::int64_t>(i), *token);
      self.query = TokenPlane{.values = weights.reshaped({grid.rows, grid.cols}), .area = row.area};
    }
  }

  void cross_attention(const AttnCall& call) const {
    if (!shows(call.layer)) return;
    const UnetPass& pass = call.layer.pass;
    for (std::size_t i = 0; i < pass.rows.size(); ++i) {
      const Row& row = pass.rows[i];
      if (!watches(row, Role::cond)) continue;
      WatchedPrediction& prediction = begin(pass);
      if (prediction.guided) continue;
      note_layer(pass, call.layer.at);
      // A context may be repeated to the length of its neighbours in the call.
      const auto keys = static_cast<std::size_t>(call.k.dim(1));
      WatchedText& text =
          text_of(prediction, row.tokens, row.tokens == nullptr ? keys : row.tokens->size());
      std::vector<std::size_t> group_of(keys);
      for (std::size_t key = 0; key < keys; ++key) {
        group_of[key] = text.group_of[key % text.group_of.size()];
      }
      text.maps.add(
          grouped_attention(call, static_cast<std::int64_t>(i), group_of, text.labels.size() + 1),
          call.layer.grid, row, pass);
      if (call.layer.grid.rows > text.grid.rows) {
        text.grid = whole_grid(call.layer.grid, row, pass);
      }
    }
  }

  // What calls the network from here on is a guidance method.
  Predictions before_guidance(const CfgState& state) const {
    of_latent(state.scratch, state.x.shape()).at(state.scratch, state.sigma).guided = true;
    return {state.cond, state.uncond};
  }

  Array after_guidance(const CfgState& state) const {
    InsightStep& step =
        of_latent(state.scratch, state.x.shape()).at(state.scratch, state.sigma).step;
    step.denoised = item(state.result);
    if (state.has_uncond) {
      step.cfg_norm = norm((item(state.cond) - item(state.uncond)) * (state.scale - 1));
    }
    return state.result;
  }

  void sag(const SagTrace& trace) const {
    InsightStep& step =
        of_latent(trace.scratch, trace.x0.shape()).at(trace.scratch, trace.sigma).step;
    SagInsight sag{.layers = {trace.layers.begin(), trace.layers.end()},
                   .mask = plane(trace.mask, params_.item),
                   .x0 = item(trace.x0),
                   .degraded = item(trace.degraded),
                   .effect = mean_distance(item(trace.x0), item(trace.prediction)),
                   .coverage = 0,
                   .push_norm = norm(item(trace.push))};
    for (const float value : sag.mask.values()) {
      sag.coverage += value / static_cast<float>(sag.mask.size());
    }
    step.sag = std::move(sag);
    step.role = trace.role;
    step.received = plane(trace.received, params_.item);
    step.denoised = item(trace.result);
  }

 private:
  Watching& watching(RunScratch& scratch) const { return scratch.get<Watching>(id_); }
  // The state of a run on latents of this shape. Guiders need not call all hooks, so each may be
  // first.
  Watching& of_latent(RunScratch& scratch, const Shape& shape) const {
    require(params_.item < shape[0], Fault::bad_input,
            "picture {} of the batch was to be watched (counted from 0), and there are {}",
            params_.item, shape[0]);
    Watching& seen = watching(scratch);
    seen.record.height = shape[2];
    seen.record.width = shape[3];
    seen.record.query_x = params_.query_x;
    seen.record.query_y = params_.query_y;
    return seen;
  }
  WatchedPrediction& begin(const UnetPass& pass) const {
    return watching(*pass.scratch).at(*pass.scratch, pass.sigma);
  }
  [[nodiscard]] bool watches(const Row& row, Role role) const {
    return row.role == role && row.item == params_.item;
  }
  [[nodiscard]] Array item(const Array& x) const { return x.slice(params_.item, 1); }

  [[nodiscard]] bool shows(const AttnLayer& layer) const {
    if (layer.at.stage == Stage::middle) return with_middle_;
    const auto cells = [](const Grid& grid) { return static_cast<double>(grid.rows * grid.cols); };
    return std::lround(std::log2(cells(layer.input) / cells(layer.grid)) / 2) == level_;
  }

  void note_layer(const UnetPass& pass, const AttnSite& at) const {
    std::vector<std::string>& layers = watching(*pass.scratch).record.text_layers;
    const std::string name = name_of(at);
    if (std::find(layers.begin(), layers.end(), name) == layers.end()) layers.push_back(name);
  }

  HookId id_;
  InsightParams params_;
  int level_;
  bool with_middle_;
};

bool has_attention(const models::UnetSpec::Level& level) {
  const auto any = [](const std::vector<int>& depths) {
    return std::any_of(depths.begin(), depths.end(), [](int depth) { return depth > 0; });
  };
  return any(level.input_depth) || any(level.output_depth);
}

// The coarsest level with attention, -1 if there is none; checks that the one asked for has some.
int coarsest_level(const Model& model, const InsightParams& params) {
  if (!model.unet) return -1;
  const models::UnetSpec& spec = model.unet.spec();
  require(spec.middle_depth > 0, Fault::unsupported,
          "insight shows the attention of the middle block, and this model has none");
  int coarsest = -1;
  std::string with_attention;
  for (std::size_t i = 0; i < spec.levels.size(); ++i) {
    if (!has_attention(spec.levels[i])) continue;
    coarsest = static_cast<int>(i);
    with_attention += fmt::format("{}{}", with_attention.empty() ? "" : ", ", i);
  }
  const bool asked = params.text_level != InsightParams::kCoarsest;
  require(!asked || (std::cmp_less(params.text_level, spec.levels.size()) &&
                     has_attention(spec.levels[static_cast<std::size_t>(params.text_level)])),
          Fault::bad_input, "text_level {}: this model has attention at the levels {}",
          params.text_level, with_attention.empty() ? "none" : with_attention);
  return coarsest;
}

// Hooks around the layer may have changed the number of rows or tokens.
bool is_whole(const AttnCall& call) {
  return std::cmp_equal(call.q.dim(0), call.layer.pass.rows.size()) &&
         call.q.dim(1) == call.layer.grid.rows * call.layer.grid.cols;
}

InsightStep finish(WatchedPrediction seen) {
  InsightStep step = std::move(seen.step);
  if (!step.sag) step.role = seen.uncond.received.empty() ? Role::cond : Role::uncond;
  WatchedSelf& self = step.role == Role::uncond ? seen.uncond : seen.cond;
  if (!step.sag && !self.received.empty()) {
    const Array mean = self.received.mean();
    step.received = mean.reshaped({mean.dim(1), mean.dim(2)});
  }
  if (layers_of(step) == std::vector{kInsightSite}) step.grid = self.grid;
  step.query = std::move(self.query);
  for (WatchedText& text : seen.texts) {
    step.texts.push_back(
        {.labels = std::move(text.labels), .maps = text.maps.mean(), .grid = text.grid});
  }
  return step;
}

}  // namespace

std::vector<AttnSite> layers_of(const InsightStep& step) {
  return step.sag ? step.sag->layers : std::vector{kInsightSite};
}

std::string name_of(const AttnSite& site) {
  constexpr std::array kStages{"input", "middle", "output"};
  return fmt::format("{} {}.{}", kStages.at(static_cast<std::size_t>(site.stage)), site.block,
                     site.depth);
}

Model with_insight(Model model, const InsightParams& params) {
  const HookId id = make_hook_id();
  const Watch watch(id, params, coarsest_level(model, params));
  model.insight = id;
  for (const Role role : {Role::uncond, Role::cond}) {
    model.patches = model.patches.observe_received(
        kInsightSite, role,
        [watch, role](const ReceivedAttention& seen) { watch.received(seen, role); });
  }
  model.patches = model.patches
                      .around_attn({.kind = AttnKind::self, .site = kInsightSite},
                                   [watch](const AttnCall& call, const AttendFn& inner) {
                                     if (is_whole(call)) watch.self_attention(call);
                                     return inner(call);
                                   })
                      .around_attn({.kind = AttnKind::cross},
                                   [watch](const AttnCall& call, const AttendFn& inner) {
                                     if (is_whole(call)) watch.cross_attention(call);
                                     return inner(call);
                                   });
  model.pre_cfg.emplace_back(
      [watch](const CfgState& state) { return watch.before_guidance(state); });
  model.post_cfg.emplace_back(
      [watch](const CfgState& state) { return watch.after_guidance(state); });
  model.sag_observers.emplace_back([watch](const SagTrace& trace) { watch.sag(trace); });
  return model;
}

std::shared_ptr<const InsightRecord> insight_of(const Model& model, RunScratch& scratch) {
  if (!model.insight) return nullptr;
  Watching seen = std::move(scratch.get<Watching>(model.insight));
  if (seen.predictions.empty()) return nullptr;
  auto record = std::make_shared<InsightRecord>(std::move(seen.record));
  record->unet = model.unet.spec();
  record->latent_scale = model.latent_scale;
  for (WatchedPrediction& prediction : seen.predictions) {
    record->steps.push_back(finish(std::move(prediction)));
  }
  return record;
}

}  // namespace sagitta
