// `sagitta bench` on the smallest network that it knows: what it prints has the promised form, and
// figures that belong together agree.
#include "cmd_bench.h"

#include "sagitta/base/json.h"

#include <gmock/gmock.h>
#include <CLI/CLI.hpp>

#include <algorithm>

namespace sagitta::cli {
namespace {

using testing::HasSubstr;

struct Outcome {
  ExitCode code = kOk;
  Json out;
};

Outcome bench(const std::string& arguments) {
  CLI::App app;
  Outcome outcome;
  add_bench_command(app, outcome.code);
  testing::internal::CaptureStdout();
  app.parse("bench --json " + arguments);
  outcome.out = Json::parse(testing::internal::GetCapturedStdout());
  return outcome;
}

TEST(BenchCommand, WritesTheRateAndItsCases) {
  const Outcome outcome = bench("--arch vae --size 64 --repeats 1 --dtype f32 --profile");
  EXPECT_EQ(outcome.code, kOk);
  const Json& rate = outcome.out["rate"];
  EXPECT_EQ(rate["dtype"], "f32");
  EXPECT_GT(rate["product_gflops"], 0);
  EXPECT_GT(rate["conv_gflops"], 0);
  EXPECT_EQ(rate["gflops"],
            std::max(rate["product_gflops"].get<double>(), rate["conv_gflops"].get<double>()));
  ASSERT_EQ(outcome.out["cases"].size(), 1U);
  const Json& decode = outcome.out["cases"][0];
  EXPECT_EQ(decode["name"], "VAE decode 64");
  EXPECT_GT(decode["percent_of_rate"], 0);
  EXPECT_GT(decode["peak_rss_bytes"], 200e6);  // the weights alone
  EXPECT_GT(decode["peak_pool_bytes"], 0);
  EXPECT_FALSE(decode.contains("times_without"));
  // What the decoder counts in published shapes: 38.2 GFLOP in convolutions and linear layers, and
  // attention between 64 pixels.
  const double gflop = decode["seconds"].get<double>() * decode["gflops"].get<double>();
  EXPECT_NEAR(gflop, 38.8, 0.2);
  double sum = 0;
  for (const auto& [kind, totals] : decode["profile"].items()) sum += totals["gflop"].get<double>();
  EXPECT_NEAR(sum, gflop, 1e-6 * gflop);
}

TEST(BenchCommand, NamesWhatItDoesNotKnow) {
  const Outcome arch = bench("--arch sd99");
  EXPECT_EQ(arch.code, kBadInput);
  EXPECT_THAT(arch.out.dump(), HasSubstr("'sd99' is not known, expected one of sd15"));
  const Outcome size = bench("--arch vae --size 100");
  EXPECT_EQ(size.code, kBadInput);
  EXPECT_THAT(size.out.dump(), HasSubstr("--size 100 is not a multiple of 64"));
}

}  // namespace
}  // namespace sagitta::cli
