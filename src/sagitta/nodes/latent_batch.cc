// Batches of latents: repeated, picked, joined and cut anew.
#include "sagitta/diffusion/latent_batch.h"
#include "sagitta/graph/dynamic.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr const char* kCategory = "model/latent/batch";

// The entries of a list, or the one latent of a link that carries no list.
std::vector<Latent> all_latents(const NodeCall& call, std::string_view name) {
  const std::any* const value = call.find_any(name);
  const auto* const list = std::any_cast<graph::List>(value);
  if (list == nullptr) return {call.get<Latent>(name)};
  std::vector<Latent> latents;
  for (const std::any& entry : *list) {
    const auto* const latent = std::any_cast<Latent>(&entry);
    require(latent != nullptr, Fault::bad_input, "input \"{}\" holds something else than latents",
            name);
    latents.push_back(*latent);
  }
  return latents;
}

graph::NodeDef repeat() {
  return {
      .id = "RepeatLatentBatch",
      .display_name = "Repeat Latent Batch",
      .category = kCategory,
      .description = "Repeats the latents of a batch.",
      .inputs = graph::inputs(graph::socket("samples", "LATENT"), int_widget("amount", 1, 1, 64)),
      .outputs = {{.type = "LATENT"}},
      .run = [](const NodeCall& call) -> NodeResult {
        return {.values = {repeat_batch(call.get<Latent>("samples"), call.integer("amount"))}};
      }};
}

graph::NodeDef pick() {
  constexpr std::int64_t kMost = 16384;
  return {
      .id = "LatentFromBatch",
      .display_name = "Get Latent From Batch",
      .category = kCategory,
      .description = "Some of the latents of a batch, each with the noise that it had there.",
      .inputs = graph::inputs(graph::socket("samples", "LATENT"),
                              with_tip(int_widget("batch_index", 0, -kMost, kMost),
                                       "The first latent to take; below 0 it counts from the end."),
                              with_tip(int_widget("length", 1, 1, 64), "How many to take.")),
      .outputs = {{.type = "LATENT"}},
      .run = [](const NodeCall& call) -> NodeResult {
        return {.values = {from_batch(call.get<Latent>("samples"), call.integer("batch_index"),
                                      call.integer("length"))}};
      }};
}

graph::NodeDef join_two() {
  return {.id = "LatentBatch",
          .display_name = "Batch Latents (DEPRECATED)",
          .category = kCategory,
          .description = "Two latents as one batch.",
          .inputs = graph::inputs(graph::socket("samples1", "LATENT"),
                                  graph::socket("samples2", "LATENT")),
          .outputs = {{.type = "LATENT"}},
          .style = graph::NodeStyle::schema,
          .deprecated = true,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {join_batches(std::vector<Latent>{call.get<Latent>("samples1"),
                                                                call.get<Latent>("samples2")})}};
          }};
}

graph::NodeDef join_all() {
  constexpr int kMost = 50;
  return {.id = "BatchLatentsNode",
          .display_name = "Batch Latents",
          .category = kCategory,
          .description = "Any number of latents as one batch.",
          .inputs = graph::autogrow("latents", "LATENT", "latent", 1, kMost),
          .outputs = {{.type = "LATENT"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            std::vector<Latent> latents;
            for (int i = 0; i < kMost; ++i) {
              const std::string name = graph::member_name("latents", fmt::format("latent{}", i));
              if (const auto* const latent = call.find<Latent>(name)) latents.push_back(*latent);
            }
            return {.values = {join_batches(latents)}};
          }};
}

graph::NodeDef rebatch_node() {
  return {
      .id = "RebatchLatents",
      .display_name = "Rebatch Latents",
      .category = kCategory,
      .description = "Batches of another size from a list of batches.",
      .inputs =
          graph::inputs(graph::socket("latents", "LATENT"), int_widget("batch_size", 1, 1, 4096)),
      .outputs = {{.type = "LATENT", .is_list = true}},
      .style = graph::NodeStyle::schema,
      .is_input_list = true,
      .run = [](const NodeCall& call) -> NodeResult {
        graph::List batches;
        for (Latent& batch : rebatch(all_latents(call, "latents"), call.integer("batch_size"))) {
          batches.emplace_back(std::move(batch));
        }
        return {.values = {std::any(std::move(batches))}};
      }};
}

graph::NodeDef seed_behavior() {
  return {.id = "LatentBatchSeedBehavior",
          .category = "model/latent/advanced",
          .description = "Whether the latents of a batch get different noise or the same.",
          .inputs = graph::inputs(
              graph::socket("samples", "LATENT"),
              graph::combo("seed_behavior", {"random", "fixed"}, Json{{"default", "fixed"}})),
          .outputs = {{.type = "LATENT"}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            Latent latent = call.get<Latent>("samples");
            if (call.text("seed_behavior") == "fixed") return {.values = {with_one_noise(latent)}};
            latent.batch_index.clear();
            return {.values = {std::move(latent)}};
          }};
}

}  // namespace

std::vector<graph::NodeDef> latent_batch_nodes() {
  return {repeat(), pick(), join_two(), join_all(), rebatch_node(), seed_behavior()};
}

}  // namespace sagitta::nodes
