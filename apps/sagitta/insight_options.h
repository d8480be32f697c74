// --insight and what belongs to it: options that `sagitta generate` and `sagitta run` share.
#pragma once

#include "sagitta/insight/watch.h"

#include <filesystem>

namespace CLI {
class App;
}

namespace sagitta::cli {

struct InsightOptions {
  std::filesystem::path folder;  // empty: nothing is watched
  InsightParams params;
};

void add_insight_options(CLI::App& app, InsightOptions& options);

}  // namespace sagitta::cli
