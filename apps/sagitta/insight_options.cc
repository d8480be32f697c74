#include "insight_options.h"

#include <CLI/CLI.hpp>

#include <vector>

namespace sagitta::cli {

void add_insight_options(CLI::App& app, InsightOptions& options) {
  CLI::Option* const folder =
      app.add_option("--insight", options.folder,
                     "Write what the samplers' models look at, and what Self-Attention Guidance "
                     "does, into this folder")
          ->type_name("DIR");
  app.add_option_function<std::vector<float>>(
         "--insight-point",
         [&options](const std::vector<float>& point) {
           options.params.query_x = point[0];
           options.params.query_y = point[1];
         },
         "With --insight: the point whose attention is shown, as parts of width and height")
      ->type_name("X,Y")
      ->expected(2)
      ->delimiter(',')
      ->check(CLI::Range(0.0F, 1.0F))
      ->default_str("0.5,0.5")
      ->needs(folder);
}

}  // namespace sagitta::cli
