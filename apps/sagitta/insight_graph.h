// --insight: the graph of a run with nodes that watch its samplers and write down what they looked
// at.
#pragma once

#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"
#include "sagitta/insight/watch.h"

#include <string>

namespace sagitta::cli {

// Puts a SelfAttentionInsight node before the model of every node that samples or guides, and a
// SaveSelfAttentionInsight node behind every sampler that an output node needs; of several, each
// gets a folder by its id. Throws bad_input if nothing samples.
void add_insight(graph::Prompt& prompt, const graph::Registry& registry, const std::string& title,
                 const InsightParams& params);

}  // namespace sagitta::cli
