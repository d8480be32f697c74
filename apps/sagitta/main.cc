// The command line. Every subcommand builds a node graph or looks into one; none computes by
// itself.
#include "cmd_bench.h"
#include "cmd_compare.h"
#include "cmd_generate.h"
#include "cmd_inspect.h"
#include "cmd_nodes.h"
#include "cmd_run.h"
#include "exit_codes.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

int parse_and_run(int argc, const char* const* argv) {
  using namespace sagitta::cli;
  CLI::App app("sagitta: a native diffusion engine around Self-Attention Guidance", "sagitta");
  app.footer(exit_code_help());
  app.require_subcommand(1);
  ExitCode code = kOk;
  add_generate_command(app, code);
  add_compare_command(app, code);
  add_run_command(app, code);
  add_inspect_command(app, code);
  add_nodes_command(app, code);
  add_bench_command(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kBadInput;  // --help ends here too, with 0
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::fputs("sagitta: ", stderr);
    std::fputs(error.what(), stderr);
    std::fputs("\n", stderr);
    return sagitta::cli::kInternal;
  }
}
