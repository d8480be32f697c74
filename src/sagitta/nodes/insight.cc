// Self-attention made visible: a model whose runs are watched, and what the latent of such a run
// says.
#include "sagitta/diffusion/sample.h"
#include "sagitta/graph/widgets.h"
#include "sagitta/insight/files.h"
#include "sagitta/insight/sheets.h"
#include "sagitta/insight/watch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/folders.h"

#include <algorithm>
#include <array>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;
using insight::PanelKind;

constexpr std::array kSingleKinds{PanelKind::attention, PanelKind::mask,   PanelKind::x0,
                                  PanelKind::degraded,  PanelKind::effect, PanelKind::query};

const InsightRecord& record_of(const NodeCall& call) {
  const auto& latent = call.get<Latent>("samples");
  require(latent.insight != nullptr, Fault::bad_input,
          "this latent knows nothing of its run: the model of the sampler has to come through the "
          "node SelfAttentionInsight");
  return *latent.insight;
}

insight::PanelOptions panel_options(const NodeCall& call) { return {.vae = call.find<Vae>("vae")}; }

// Pictures (H, W, 3) as one IMAGE.
Array as_batch(std::vector<Array> pictures) {
  std::vector<Array> items;
  for (const Array& picture : insight::same_size(std::move(pictures))) {
    items.push_back(picture.reshaped({1, picture.dim(0), picture.dim(1), 3}));
  }
  return concat(items);
}

NodeResult run_images(const NodeCall& call) {
  const InsightRecord& record = record_of(call);
  const std::int64_t step = call.integer("step");
  const auto count = static_cast<std::int64_t>(record.steps.size());
  require(step <= count, Fault::bad_input, "step {}: the run made {} predictions", step, count);
  const insight::PanelOptions options = panel_options(call);
  const insight::PanelTable table = insight::all_panels(record, options);
  const std::size_t first = step == 0 ? 0 : static_cast<std::size_t>(step - 1);
  const std::size_t last = step == 0 ? table.size() : static_cast<std::size_t>(step);

  NodeResult result;
  for (const PanelKind kind : kSingleKinds) {
    std::vector<Array> pictures;
    for (std::size_t i = first; i < last; ++i) {
      const insight::Panel* const panel = insight::find_panel(table[i], kind);
      pictures.push_back(panel != nullptr ? panel->picture
                                          : draw::blank(insight::panel_size(record, options), {}));
    }
    result.values.emplace_back(as_batch(std::move(pictures)));
  }
  std::vector<Array> words;
  for (std::size_t i = first; i < last; ++i) words.push_back(insight::word_sheet(table[i]));
  result.values.emplace_back(as_batch(std::move(words)));
  result.values.emplace_back(as_batch({insight::contact_sheet(record, table, "")}));
  return result;
}

std::filesystem::path folder_of(const NodeCall& call) {
  const auto& services = call.services.get<Services>();
  const std::filesystem::path root =
      services.insight_dir.empty() ? services.output_dir : services.insight_dir;
  const std::filesystem::path folder = call.text("folder");
  const bool inside = !folder.is_absolute() &&
                      std::none_of(folder.begin(), folder.end(),
                                   [](const std::filesystem::path& part) { return part == ".."; });
  require(inside, Fault::bad_input, "folder {}: expected a folder below the output folder",
          folder.string());
  return root / folder;
}

NodeResult run_save(const NodeCall& call) {
  const std::filesystem::path folder = folder_of(call);
  insight::write_files(
      record_of(call), folder,
      {.panels = panel_options(call), .title = call.text("title"), .prompt = call.prompt});
  return {.values = {}, .ui = {{"text", {(folder / "insight.json").string()}}}};
}

graph::NodeDef watch_node() {
  return {.id = "SelfAttentionInsight",
          .display_name = "Self-Attention Insight",
          .category = "model/insight",
          .description =
              "Watches what the model looks at while it samples. The pictures come out of "
              "the latent: see Self-Attention Insight Images.",
          .inputs = graph::inputs(graph::socket("model", "MODEL", "The model to watch."),
                                  graph::widgets<InsightParams>()),
          .outputs = {{.type = "MODEL"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {
                        with_insight(call.get<Model>("model"), graph::read<InsightParams>(call))}};
          }};
}

graph::Input vae_socket() {
  return graph::optional(graph::socket(
      "vae", "VAE",
      "Decodes the predictions behind the maps; without one they are quick previews."));
}

graph::NodeDef images_node() {
  graph::NodeDef def{
      .id = "SelfAttentionInsightImages",
      .display_name = "Self-Attention Insight Images",
      .category = "model/insight",
      .description =
          "What the run behind a latent looked at, and what Self-Attention Guidance did.",
      .inputs = graph::inputs(
          graph::socket("samples", "LATENT", "Of a sampler whose model is watched."),
          graph::input("step", "INT",
                       {{"default", 0},
                        {"min", 0},
                        {"max", SampleParams::kMostSteps},
                        {"tooltip", "Which prediction of the run; 0: all, as a batch."}}),
          vae_socket()),
      .outputs = {},
      .style = graph::NodeStyle::schema,
      .run = run_images};
  for (const PanelKind kind : kSingleKinds) {
    def.outputs.push_back({.type = "IMAGE", .name = std::string(insight::name_of(kind))});
  }
  def.outputs.push_back({.type = "IMAGE", .name = "words"});
  def.outputs.push_back({.type = "IMAGE", .name = "sheet"});
  return def;
}

graph::NodeDef save_node() {
  return {
      .id = "SaveSelfAttentionInsight",
      .display_name = "Save Self-Attention Insight",
      .category = "model/insight",
      .description = "Writes everything about the run behind a latent into a folder.",
      .inputs = graph::inputs(
          graph::socket("samples", "LATENT", "Of a sampler whose model is watched."),
          graph::input(
              "folder", "STRING",
              {{"default", "insight"},
               {"tooltip", "Below the output folder. Files of an earlier run are replaced."}}),
          graph::input("title", "STRING", {{"default", ""}, {"tooltip", "Of the contact sheet."}}),
          vae_socket(), graph::hidden("prompt", "PROMPT")),
      .outputs = {},
      .style = graph::NodeStyle::schema,
      .output_node = true,
      .run = run_save,
      .check = [](const NodeCall& call) { require_writable(folder_of(call)); }};
}

}  // namespace

std::vector<graph::NodeDef> insight_nodes() { return {watch_node(), images_node(), save_node()}; }

}  // namespace sagitta::nodes
