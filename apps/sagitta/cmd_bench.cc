#include "cmd_bench.h"

#include "bench_cases.h"
#include "bench_rate.h"
#include "options.h"
#include "run_prompt.h"
#include "sagitta/backend/open.h"
#include "sagitta/core/kernels.h"

#include <CLI/CLI.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace sagitta::cli {
namespace {

struct BenchOptions {
  std::vector<std::string> archs{"sd15", "vae"};
  BenchSize size;
  bool sag = false;
  int repeats = 3;
  bool profile = false;
  DeviceChoice device;
  Reporting reporting;
};

struct Result {
  std::string name;
  double seconds = 0;  // median
  double gflop = 0;
  double percent_of_rate = 0;  // median of repetitions, each beside the rate around it
  // As multiples of the time without what the case is about, before and after each repetition:
  // their median. 0: there is no such time.
  double times_without = 0;
  std::size_t peak_rss = 0;
  std::size_t peak_pool = 0;  // of what the device's pool handed out while this case was measured
  Profile profile;            // of a run of its own, if asked for
};

double timed(Device& device, const std::function<void()>& work) {
  device.kernels().finish(device);
  const auto start = std::chrono::steady_clock::now();
  work();
  device.kernels().finish(device);
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

// What the ops of the work do and take. Waits for the device after each of them, so that the work
// as a whole may take longer than it does by itself.
Profile profiled(Device& device, const std::function<void()>& work) {
  device.profile().start();
  work();
  device.profile().stop();
  return device.profile();
}

// One warm-up, which creates the kernels and counts the work, then the repetitions.
Result measure(Device& device, Yardstick& yardstick, const BenchCase& bench, int repeats,
               bool profile) {
  const std::function<void()>& work = bench.work;
  Result result{.name = bench.name, .profile = {}};
  device.memory().reset_peak();
  result.gflop = profiled(device, work).sum().flops * 1e-9;
  std::vector<double> seconds;
  std::vector<double> shares;
  std::vector<double> multiples;
  const auto time_without = [&] { return bench.without ? timed(device, bench.without) : 0; };
  time_without();
  double without_before = time_without();
  for (int i = 0; i < repeats; ++i) {
    const double before = yardstick.now().better();
    seconds.push_back(timed(device, work));
    const double after = yardstick.now().better();
    shares.push_back(result.gflop / seconds.back() / ((before + after) / 2));
    if (!bench.without) continue;
    const double without_after = time_without();
    multiples.push_back(seconds.back() / ((without_before + without_after) / 2));
    without_before = without_after;
  }
  result.seconds = median(seconds);
  result.percent_of_rate = 100 * median(shares);
  if (bench.without) result.times_without = median(multiples);
  if (profile) result.profile = profiled(device, work);
  result.peak_rss = peak_rss();
  result.peak_pool = device.memory().peak();
  return result;
}

void print(const Result& result, bool profile) {
  fmt::print("{:<28} {:8.3f} s {:9.1f} GFLOP {:8.1f} GFLOP/s {:6.1f} % of rate {:7.0f} MiB peak\n",
             result.name, result.seconds, result.gflop, result.gflop / result.seconds,
             result.percent_of_rate, static_cast<double>(result.peak_rss) / (1 << 20));
  if (result.times_without > 0) {
    fmt::print("  {:.3f} times as long as without it\n", result.times_without);
  }
  if (!profile) return;
  const double sum = result.profile.sum().seconds;
  for (std::size_t i = 0; i < kOpKinds; ++i) {
    const auto kind = static_cast<OpKind>(i);
    const OpTotals& totals = result.profile.of(kind);
    if (totals.calls == 0) continue;
    fmt::print("  {:<12} {:5} calls {:8.3f} s {:5.1f} % {:9.1f} GFLOP {:8.1f} GFLOP/s\n",
               name_of(kind), totals.calls, totals.seconds, 100 * totals.seconds / sum,
               totals.flops * 1e-9, totals.flops * 1e-9 / totals.seconds);
  }
}

Json to_json(const Profile& profile) {
  Json kinds = Json::object();
  for (std::size_t i = 0; i < kOpKinds; ++i) {
    const auto kind = static_cast<OpKind>(i);
    const OpTotals& totals = profile.of(kind);
    if (totals.calls == 0) continue;
    kinds[std::string(name_of(kind))] = {
        {"calls", totals.calls}, {"seconds", totals.seconds}, {"gflop", totals.flops * 1e-9}};
  }
  return kinds;
}

Json to_json(const std::vector<Result>& results, const Rate& rate, const Device& device,
             bool profile) {
  Json cases = Json::array();
  for (const Result& result : results) {
    cases.push_back({{"name", result.name},
                     {"seconds", result.seconds},
                     {"gflops", result.gflop / result.seconds},
                     {"percent_of_rate", result.percent_of_rate},
                     {"peak_rss_bytes", result.peak_rss},
                     {"peak_pool_bytes", result.peak_pool}});
    if (result.times_without > 0) cases.back()["times_without"] = result.times_without;
    if (profile) cases.back()["profile"] = to_json(result.profile);
  }
  return {{"rate",
           {{"dtype", device.arithmetic()},
            {"gflops", rate.better()},
            {"product_gflops", rate.product},
            {"conv_gflops", rate.conv}}},
          {"cases", cases}};
}

void bench(const BenchOptions& options) {
  require(options.size.pixels % 64 == 0, Fault::bad_input, "--size {} is not a multiple of 64",
          options.size.pixels);
  std::vector<BenchMaker> makers;
  for (const std::string& arch : options.archs) {
    const auto some = bench_makers(arch, options.sag);
    makers.insert(makers.end(), some.begin(), some.end());
  }
  const auto device = open_device(
      options.device.device,
      resolve_dtype(options.device.device, options.device.dtype, options.device.threads));
  Yardstick yardstick(*device);
  const Rate rate = yardstick.best();
  if (!options.reporting.json) {
    fmt::print(
        "{}: {:.1f} GFLOP/s in a product of 2048 x 2048 x 2048, {:.1f} in a 3x3 convolution; the "
        "rate is the better one\n",
        device->arithmetic(), rate.product, rate.conv);
  }
  std::vector<Result> results;
  for (const BenchMaker& make : makers) {
    // The networks of a case are gone before those of the next come.
    results.push_back(
        measure(*device, yardstick, make(*device, options.size), options.repeats, options.profile));
    device->memory().trim();
    if (!options.reporting.json) print(results.back(), options.profile);
  }
  if (options.reporting.json)
    fmt::print("{}\n", to_json(results, rate, *device, options.profile).dump(2));
}

}  // namespace

void add_bench_command(CLI::App& app, ExitCode& code) {
  CLI::App* const command = app.add_subcommand(
      "bench", "Measure networks of random weights beside the machine's own rate");
  const auto options = std::make_shared<BenchOptions>();
  command
      ->add_option("--arch", options->archs,
                   fmt::format("What to measure, one or more of {}", bench_archs()))
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--size", options->size.pixels,
                   "Side of the picture in pixels, a multiple of 64")
      ->check(CLI::Range(64, 4096))
      ->capture_default_str();
  command
      ->add_option("--batch", options->size.batch, "Rows of the UNet call; CFG has two per picture")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      ->add_option("--repeats", options->repeats, "Timed repetitions, of which the median counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--sag", options->sag,
                    "Also measure a guided step with Self-Attention Guidance, beside one without");
  command->add_flag("--profile", options->profile, "Show the share of each kind of op");
  add_device_options(*command, options->device);
  command->add_flag("--json", options->reporting.json, "Write one JSON object");
  command->callback(
      [options, &code] { code = report_errors(options->reporting, [&] { bench(*options); }); });
}

}  // namespace sagitta::cli
