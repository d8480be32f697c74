// Every node MODEL -> MODEL does what its defaults say to a guided evaluation.
#include "sagitta/diffusion/guidance/latent_operation.h"
#include "sagitta/nodes/families.h"
#include "support/guided.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace sagitta::nodes {
namespace {

class ModelPatchesTest : public test::GuidedTest {
 protected:
  // Runs the node on the plain model, with the defaults of its widgets.
  Model patched(const graph::NodeDef& node) {
    graph::NodeCall call;
    for (const graph::Input& input : node.inputs) {
      if (!input.is_widget()) continue;
      call.literals[input.name] = input.type == graph::kCombo
                                      ? Json(graph::choices_of(input, {}).front())
                                      : *input.option("default");
    }
    call.links["model"] = plain_;
    call.links["empty_conditioning"] = test::toy_prompt(3);
    call.links["operation"] = tonemap_reinhard({});
    return std::any_cast<Model>(node.run(call).values.at(0));
  }
};

TEST_F(ModelPatchesTest, EveryNodeChangesThePredictionUnlessItsDefaultsAreNeutral) {
  // Factors of 1; tiles and frequencies larger than the toy's picture; the sampling that it has
  // anyway.
  const std::set<std::string> neutral{"UNetSelfAttentionMultiply",
                                      "UNetCrossAttentionMultiply",
                                      "UNetTemporalAttentionMultiply",
                                      "HyperTile",
                                      "FreSca",
                                      "ModelSamplingDiscrete"};
  const Array cfg = denoise(plain_);
  int seen = 0;
  for (const auto family : {guidance_nodes, guidance_formula_nodes, network_patch_nodes,
                            model_sampling_nodes, latent_operation_nodes}) {
    for (const graph::NodeDef& node : family()) {
      if (node.find_input("model") == nullptr) continue;
      SCOPED_TRACE(node.id);
      ++seen;
      const Array result = denoise(patched(node));
      EXPECT_EQ(result.shape(), cfg.shape());
      EXPECT_TRUE(std::ranges::all_of(result.values(), [](float v) { return std::isfinite(v); }));
      EXPECT_EQ(test::max_difference(result, cfg) > 1e-4F, !neutral.contains(node.id));
    }
  }
  EXPECT_GE(seen, 20);
}

}  // namespace
}  // namespace sagitta::nodes
