// Whole sampling runs: text to latent, image to image, inpainting, windows of the schedule.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/sample.h"

#include <charconv>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Conditioning;
using sagitta::Fault;
using sagitta::Json;
using sagitta::Latent;
using sagitta::Model;
using sagitta::require;
using sagitta::SampleParams;

bool in_ksampler(const GoldenFile& file) {
  return file.folder == "ksampler" && file.has("pos") && file.has("neg");
}
bool is_runs(const GoldenFile& file) { return in_ksampler(file) && !file.has("latent_image"); }
bool is_image_runs(const GoldenFile& file) { return in_ksampler(file) && file.has("latent_image"); }

// A run's name ends in how it is guided.
bool is_run(std::string_view name) { return name.ends_with("/sag") || name.ends_with("/nosag"); }

// The models and conditionings of a file, with and without SAG.
struct Setup {
  Model plain;
  Model guided;
  Conditioning positive;
  Conditioning negative;

  Setup(const GoldenFile& file, Context& context, const sagitta::SagParams& sag)
      : plain(model_of(file, context)),
        guided(with_sag(plain, sag)),
        positive{entry_of(file, "pos")},
        negative{entry_of(file, "neg")} {}

  [[nodiscard]] Array run(std::string_view name, const Latent& latent,
                          const SampleParams& params) const {
    return sample(name.ends_with("/sag") ? guided : plain, positive, negative, latent, params);
  }
};

void check_noise(const GoldenFile& file, std::uint64_t seed, Report& report) {
  if (!file.has("noise")) return;
  const Array expected = file.array("noise");
  report.check("noise", sagitta::prepare_noise(seed, expected.shape()), expected,
               {.kind = Tolerance::Kind::absolute, .value = 1e-6});
}

void check_runs(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const Setup setup(file, context,
                    {.scale = field<float>(params, "sag_scale"),
                     .blur_sigma = field<float>(params, "sag_blur_sigma")});
  const Latent latent{.samples = Array(field<sagitta::Shape>(params, "latent"))};
  SampleParams base;
  base.seed = field<std::uint64_t>(params, "seed");
  base.steps = field<int>(params, "steps");
  base.cfg = field<float>(params, "cfg");
  base.denoise = field<double>(params, "denoise");
  check_noise(file, base.seed, report);
  for (const auto& [name, tensor] : file.tensors) {
    if (!is_run(name)) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const auto parts = name_parts(name);
      require(parts.size() == 3, Fault::bad_file, "the name should be sampler/scheduler/sag|nosag");
      SampleParams run = base;
      run.sampler = parts[0];
      run.scheduler = parts[1];
      report.check(name, setup.run(name, latent, run), to_array(tensor), tolerance);
    });
  }
}

// "8 (advanced: 10)" is 8 for plain runs and 10 for advanced ones.
struct Pair {
  std::string plain;
  std::string advanced;
};

Pair plain_and_advanced(const Json& params, std::string_view key) {
  const Json& value = params.at(std::string(key));
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  constexpr std::string_view kMark = "(advanced: ";
  const auto mark = text.find(kMark);
  if (mark == std::string::npos) return {text, text};
  const auto begin = mark + kMark.size();
  return {text.substr(0, text.find(' ')), text.substr(begin, text.find(')', begin) - begin)};
}

double number_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  require(at != std::string_view::npos, Fault::bad_file, "\"{}\" has no \"{}\"", text, label);
  double value = 0;
  const auto result =
      std::from_chars(text.data() + at + label.size(), text.data() + text.size(), value);
  require(result.ec == std::errc(), Fault::bad_file, "\"{}\" has no number after \"{}\"", text,
          label);
  return value;
}

// first_A_B_leftover, second_A_B, A_B_full_denoise, img_startA, start_past_end.
void check_advanced(const std::string& name, std::string_view what, const Array& expected,
                    const Setup& setup, const GoldenFile& file, SampleParams run,
                    const Tolerance& tolerance, Report& report) {
  Latent latent{.samples = file.array("latent_image")};
  const auto window = [&](std::string_view from) {
    const auto cut = from.find('_');
    require(cut != std::string_view::npos, Fault::bad_file, "\"{}\" is no window", from);
    std::from_chars(from.data(), from.data() + cut, run.start_step);
    std::from_chars(from.data() + cut + 1, from.data() + from.size(), run.last_step);
  };
  constexpr std::string_view kFirst = "first_";
  constexpr std::string_view kSecond = "second_";
  constexpr std::string_view kStart = "img_start";
  if (what.starts_with(kFirst)) {
    latent.samples = Array(latent.samples.shape());
    window(what.substr(kFirst.size()));
    run.full_denoise = !what.ends_with("leftover");
  } else if (what.starts_with(kSecond)) {
    // Its input is the first stage's result, whichever window that had.
    const std::string ending(name.substr(name.rfind('/')));
    for (const auto& [other, tensor] : file.tensors) {
      if (other.starts_with("advanced/first_") && other.ends_with(ending)) {
        latent.samples = to_array(tensor);
      }
    }
    window(what.substr(kSecond.size()));
    run.add_noise = false;
  } else if (what.starts_with(kStart)) {
    run.start_step = static_cast<int>(number_after(what, kStart));
  } else if (what == "start_past_end") {
    run.start_step = run.steps;
  } else if (what.ends_with("full_denoise")) {
    latent.samples = Array(latent.samples.shape());
    window(what);
  } else {
    return report.skip(name, "no such window is known");
  }
  report.check(name, setup.run(name, latent, run), expected, tolerance);
}

void check_image_runs(const GoldenFile& file, Context& context, Report& report) {
  const Json params = file.params();
  const Tolerance tolerance = file.tolerances().first();
  const auto sag = field<std::vector<float>>(params, "sag");
  const Setup setup(file, context, {.scale = sag.at(0), .blur_sigma = sag.at(1)});
  const Pair scheduler = plain_and_advanced(params, "scheduler");
  const Pair steps = plain_and_advanced(params, "steps");
  SampleParams base;
  base.seed = field<std::uint64_t>(params, "seed");
  base.cfg = field<float>(params, "cfg");
  check_noise(file, base.seed, report);
  for (const auto& [name, tensor] : file.tensors) {
    if (!is_run(name)) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const auto parts = name_parts(name);
      require(parts.size() == 3, Fault::bad_file, "the name should have three parts");
      SampleParams run = base;
      if (parts[0] == "advanced") {
        run.scheduler = scheduler.advanced;
        run.steps = std::stoi(steps.advanced);
        return check_advanced(name, parts[1], to_array(tensor), setup, file, run, tolerance,
                              report);
      }
      run.sampler = parts[1];
      run.scheduler = scheduler.plain;
      run.steps = std::stoi(steps.plain);
      run.denoise = number_after(parts[0], "denoise");
      Latent latent{.samples = file.array("latent_image")};
      if (parts[0].starts_with("inpaint")) latent.noise_mask = file.array("noise_mask");
      report.check(name, setup.run(name, latent, run), to_array(tensor), tolerance);
    });
  }
}

}  // namespace

const Kind kRunsKind{.name = "sampling runs", .matches = is_runs, .run = check_runs};
const Kind kImageRunsKind{.name = "image runs", .matches = is_image_runs, .run = check_image_runs};

}  // namespace golden
