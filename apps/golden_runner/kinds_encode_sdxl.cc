// CLIPTextEncodeSDXL: contexts, pooled texts and the vector that the network gets.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "golden_runner/node_call.h"
#include "sagitta/diffusion/from_checkpoint.h"

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Json;

bool matches(const GoldenFile& file) {
  return file.folder == "text" && file.has("cond0") && file.has("y0");
}

void run(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const sagitta::Clip clip = make_clip(context.device(), checkpoint_of(file, context)).value();
  const auto check = [&](const sagitta::Conditioning& got, const std::string& cond,
                         const std::string& pooled) {
    report.check_that(cond + " entries", got.size() == 1);
    report.check(cond, *got.at(0).context, file.array(cond), tolerance);
    report.check(pooled, *got.at(0).pooled, file.array(pooled), tolerance);
  };
  for (const Json& one : array_field(params, "cases")) {
    const int i = field<int>(one, "i");
    const std::string name = fmt::format("cond{}", i);
    report.attempt(name, [&] {
      Json literals = one;
      for (const char* other : {"i", "options", "entries"}) literals.erase(other);
      const auto got = run_node_for<sagitta::Conditioning>(context, "CLIPTextEncodeSDXL", literals,
                                                           {{"clip", clip}});
      check(got, name, fmt::format("pooled{}", i));
      const std::string vector = fmt::format("y{}", i);
      const Array expected = file.array(vector);
      report.check(vector,
                   vector_conditioning(*got.at(0).pooled, got.at(0).sizes.value(), expected.dim(1)),
                   expected, tolerance);
    });
  }
  report.attempt("plain_cond", [&] {
    check(run_node_for<sagitta::Conditioning>(context, "CLIPTextEncode",
                                              {{"text", params.at("plain_prompt")}}, {{"clip", clip}}),
          "plain_cond", "plain_pooled");
  });
  report.skip("runs", "sampling runs of this file are not compared");
}

}  // namespace

const Kind kEncodeSdxlKind{.name = "SDXL prompts", .matches = matches, .run = run};

}  // namespace golden
