#include "cmd_bench.h"

#include "options.h"
#include "run_prompt.h"
#include "sagitta/backend/open.h"
#include "sagitta/base/rng.h"
#include "sagitta/models/presets.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/models/vae/vae.h"
#include "sagitta/nn/layers.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace sagitta::cli {
namespace {

struct BenchOptions {
  std::string arch = "sd15";
  std::int64_t size = 512;
  std::int64_t batch = 2;
  int repeats = 3;
  bool profile = false;
  DeviceChoice device;
  Reporting reporting;
};

struct Result {
  std::string name;
  double seconds = 0;  // median
  double gflop = 0;
  std::size_t peak_rss = 0;
  Profile profile;     // of the median's last repetition
};

double timed(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::size_t peak_rss() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

Tensor random_tensor(Device& device, Shape shape) {
  Array array(std::move(shape));
  TorchRng(1).randn(array.values());
  return upload(device, array);
}

// The best of a few products at a size where nothing but arithmetic counts: the yardstick.
double measure_rate(Device& device) {
  constexpr std::int64_t kSide = 2048;
  Linear layer(kSide, kSide, false);
  models::RandomWeights weights(&device, 1);
  layer.params(weights);
  const Tensor x = random_tensor(device, {kSide, kSide});
  double best = 1e30;
  for (int i = 0; i < 6; ++i) {
    best = std::min(best, timed([&] { static_cast<void>(layer(x)); }));
  }
  return 2e-9 * kSide * kSide * kSide / best;
}

// One warm-up, which creates the kernels, then the repetitions.
Result measure(Device& device, std::string name, int repeats, const std::function<void()>& work) {
  Result result{.name = std::move(name), .profile = {}};
  work();
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    device.profile().start();
    seconds.push_back(timed(work));
    device.profile().stop();
  }
  result.seconds = median(seconds);
  result.profile = device.profile();
  result.gflop = result.profile.sum().flops * 1e-9;
  result.peak_rss = peak_rss();
  return result;
}

Result bench_unet(Device& device, const models::Preset& preset, const BenchOptions& options) {
  const models::UnetSpec& spec = preset.model.unet;
  models::Unet unet(spec);
  models::RandomWeights weights(&device, 1);
  unet.params(weights);
  constexpr std::int64_t kPixels = 8;
  constexpr std::int64_t kTokens = 77;
  const std::int64_t side = options.size / kPixels;
  const models::UnetInput input{
      .x = random_tensor(device, {options.batch, side, side, spec.in_channels}),
      .timesteps = std::vector<float>(static_cast<std::size_t>(options.batch), 500),
      .context = random_tensor(device, {options.batch, kTokens, spec.context_width}),
      .vector = {}};
  return measure(device, fmt::format("{} UNet {} batch {}", preset.name, options.size, options.batch),
                 options.repeats, [&] { static_cast<void>(download(unet(input))); });
}

Result bench_vae(Device& device, const models::Preset& preset, const BenchOptions& options) {
  models::VaeDecoder decoder(preset.vae);
  models::RandomWeights weights(&device, 1);
  decoder.params(weights);
  const std::int64_t side = options.size / preset.vae.downscale();
  const Tensor latent = random_tensor(device, {1, side, side, preset.vae.latent_channels});
  return measure(device, fmt::format("{} VAE decode {}", preset.name, options.size), options.repeats,
                 [&] { static_cast<void>(download(decoder(latent))); });
}

void print(const Result& result, double rate, bool profile) {
  const double gflops = result.gflop / result.seconds;
  fmt::print("{:<28} {:8.3f} s {:9.1f} GFLOP {:8.1f} GFLOP/s {:6.1f} % of rate {:7.0f} MiB peak\n",
             result.name, result.seconds, result.gflop, gflops, 100 * gflops / rate,
             static_cast<double>(result.peak_rss) / (1 << 20));
  if (!profile) return;
  const double sum = result.profile.sum().seconds;
  for (std::size_t i = 0; i < kOpKinds; ++i) {
    const auto kind = static_cast<OpKind>(i);
    const OpTotals& totals = result.profile.of(kind);
    if (totals.calls == 0) continue;
    fmt::print("  {:<12} {:5} calls {:8.3f} s {:5.1f} % {:9.1f} GFLOP {:8.1f} GFLOP/s\n", name_of(kind),
               totals.calls, totals.seconds, 100 * totals.seconds / sum, totals.flops * 1e-9,
               totals.flops * 1e-9 / totals.seconds);
  }
}

Json to_json(const std::vector<Result>& results, double rate, const Device& device) {
  Json cases = Json::array();
  for (const Result& result : results) {
    const double gflops = result.gflop / result.seconds;
    cases.push_back({{"name", result.name},
                     {"seconds", result.seconds},
                     {"gflops", gflops},
                     {"percent_of_rate", 100 * gflops / rate},
                     {"peak_rss_bytes", result.peak_rss}});
  }
  return {{"rate", {{"dtype", name_of(device.compute())}, {"gflops", rate}}}, {"cases", cases}};
}

void bench(const BenchOptions& options) {
  const models::Preset& preset = models::find_preset(options.arch);
  require(options.size % 64 == 0, Fault::bad_input, "--size {} is not a multiple of 64", options.size);
  const auto device = open_device(options.device.device,
                                  {.compute = options.device.device == "reference"
                                                  ? DType::f32
                                                  : resolve_compute(options.device.dtype),
                                   .threads = options.device.threads});
  const double rate = measure_rate(*device);
  if (!options.reporting.json) {
    fmt::print("{}: {:.1f} GFLOP/s in a product of 2048 x 2048 x 2048\n", name_of(device->compute()), rate);
  }
  std::vector<Result> results;
  for (const auto run : {bench_unet, bench_vae}) {
    results.push_back(run(*device, preset, options));
    if (!options.reporting.json) print(results.back(), rate, options.profile);
  }
  if (options.reporting.json) fmt::print("{}\n", to_json(results, rate, *device).dump(2));
}

}  // namespace

void add_bench_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command =
      app.add_subcommand("bench", "Measure networks of random weights beside the machine's own rate");
  const auto options = std::make_shared<BenchOptions>();
  command->add_option("--arch", options->arch, "Architecture: sd15")->capture_default_str();
  command->add_option("--size", options->size, "Side of the picture in pixels, a multiple of 64")
      ->check(CLI::Range(64, 4096))
      ->capture_default_str();
  command->add_option("--batch", options->batch, "Rows of the UNet call; CFG has two per picture")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--repeats", options->repeats, "Timed repetitions, of which the median counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--profile", options->profile, "Show the share of each kind of op");
  add_device_options(*command, options->device);
  command->add_flag("--json", options->reporting.json, "Write one JSON object");
  command->callback(
      [options, &code] { code = report_errors(options->reporting, [&] { bench(*options); }); });
}

}  // namespace sagitta::cli
