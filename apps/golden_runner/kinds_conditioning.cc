// The nodes that mix conditionings and bind them to places and times: what they return, and runs.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "golden_runner/network.h"
#include "golden_runner/node_call.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/sample.h"

#include <algorithm>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Conditioning;
using sagitta::Fault;
using sagitta::Json;
using sagitta::require;

bool matches(const GoldenFile& file) { return file.folder == "conditioning" && file.has("ctxA"); }

// Makes conditionings with the nodes. Prompts are named by one letter.
class Workshop {
 public:
  Workshop(const GoldenFile& file, Context& context)
      : file_(file), context_(context), params_(file.params()) {}

  [[nodiscard]] Conditioning prompt(char name) const {
    return {{.context = shared(fmt::format("ctx{}", name)),
             .pooled = shared(fmt::format("pooled{}", name))}};
  }

  [[nodiscard]] Conditioning combine(const Conditioning& a, const Conditioning& b) const {
    return run("ConditioningCombine", {}, {{"conditioning_1", a}, {"conditioning_2", b}});
  }

  [[nodiscard]] Conditioning average(const Conditioning& to, char from, double weight) const {
    return run("ConditioningAverage", {{"conditioning_to_strength", weight}},
               {{"conditioning_to", to}, {"conditioning_from", prompt(from)}});
  }

  [[nodiscard]] Conditioning concat(char to, char from) const {
    return run("ConditioningConcat", {},
               {{"conditioning_to", prompt(to)}, {"conditioning_from", prompt(from)}});
  }

  [[nodiscard]] Conditioning zero_out(char name) const {
    return run("ConditioningZeroOut", {}, {{"conditioning", prompt(name)}});
  }

  // Prompts side by side, one per letter, with the options that the file lists for this case.
  [[nodiscard]] Conditioning with_options(const std::string& options, std::string_view names) const {
    const Json& entries = array_field(params_.at("options"), options);
    require(entries.size() == names.size(), Fault::bad_file, "{} has {} entries, expected {}",
            options, entries.size(), names.size());
    Conditioning all;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool second = i > 0 && entries[i - 1].at("options").contains("mask");
      const Conditioning one = apply(prompt(names[i]), entries[i].at("options"), second);
      all = i == 0 ? one : combine(all, one);
    }
    return all;
  }

 private:
  [[nodiscard]] std::shared_ptr<const Array> shared(const std::string& name) const {
    return std::make_shared<const Array>(file_.array(name));
  }

  [[nodiscard]] Conditioning run(const char* node, const Json& literals, Links links) const {
    return run_node_for<Conditioning>(context_, node, literals, std::move(links));
  }

  [[nodiscard]] Conditioning apply(Conditioning one, const Json& options, bool second) const {
    if (options.contains("mask")) {
      const bool bounds = field<bool>(options, "set_area_to_bounds");
      one = run("ConditioningSetMask",
                {{"strength", options.at("mask_strength")},
                 {"set_cond_area", bounds ? "mask bounds" : "default"}},
                {{"conditioning", one}, {"mask", mask_for(options, second)}});
    }
    if (options.contains("area")) one = set_area(one, options);
    if (options.contains("start_percent")) {
      one = run("ConditioningSetTimestepRange",
                {{"start", options.at("start_percent")}, {"end", options.at("end_percent")}},
                {{"conditioning", one}});
    }
    return one;
  }

  // The file's mask of the noted size; of a pair, the second covers what the first does not.
  [[nodiscard]] Array mask_for(const Json& options, bool second) const {
    const std::string noted = field<std::string>(options, "mask");
    const Array flat = file_.array("mask2d");
    if (noted == fmt::format("tensor [1, {}, {}]", flat.dim(0), flat.dim(1))) return flat;
    const Array mask = file_.array("mask");
    return !second ? mask : Array(mask.shape(), 1) - mask;
  }

  [[nodiscard]] Conditioning set_area(const Conditioning& one, const Json& options) const {
    constexpr int kPixelsPerCell = 8;
    constexpr const char* kSides[] = {"height", "width", "y", "x"};
    Json literals{{"strength", options.at("strength")}};
    const Json& area = options.at("area");
    const bool percentage = area.at(0).is_string();
    for (std::size_t i = 0; i < 4; ++i) {
      literals[kSides[i]] = percentage ? area.at(i + 1) : Json(area.at(i).get<int>() * kPixelsPerCell);
    }
    return run(percentage ? "ConditioningSetAreaPercentage" : "ConditioningSetArea", literals,
               {{"conditioning", one}});
  }

  const GoldenFile& file_;
  Context& context_;
  Json params_;
};

// average_A_B_0.3, average_AplusC_B_0.5, concat_A_B, zero_out_A, combine_A_C.
Conditioning from_name(const Workshop& shop, std::string_view name) {
  const auto rest = [&](std::string_view start) { return name.substr(start.size()); };
  if (name.starts_with("average_AplusC_B_")) {
    return shop.average(shop.combine(shop.prompt('A'), shop.prompt('C')), 'B',
                        std::stod(std::string(rest("average_AplusC_B_"))));
  }
  if (name.starts_with("average_")) {
    const std::string_view letters = rest("average_");
    return shop.average(shop.prompt(letters.at(0)), letters.at(2), std::stod(std::string(letters.substr(4))));
  }
  if (name.starts_with("concat_")) return shop.concat(rest("concat_").at(0), rest("concat_").at(2));
  if (name.starts_with("zero_out_")) return shop.zero_out(rest("zero_out_").at(0));
  if (name.starts_with("combine_")) {
    return shop.combine(shop.prompt(rest("combine_").at(0)), shop.prompt(rest("combine_").at(2)));
  }
  throw sagitta::Error(Fault::bad_file, fmt::format("no recipe is known for \"{}\"", name));
}

void check_contexts(const GoldenFile& file, const Workshop& shop, Report& report) {
  const Tolerance tolerance = file.tolerances().of("contexts");
  for (const auto& [name, tensor] : file.tensors) {
    const auto parts = name_parts(name);
    if (parts.size() < 2 || parts[0].starts_with("run")) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const Conditioning made = from_name(shop, parts[0]);
      const auto& entry = made.at(std::stoul(std::string(parts[1])));
      report.check(name, parts.size() > 2 ? *entry.pooled : *entry.context, to_array(tensor), tolerance);
    });
  }
}

// Which prompts a run's case is made of; `options` name an entry of the file's params.
struct Recipe {
  const char* run;
  const char* options;  // nullptr: `positive` is a name as in from_name()
  const char* positive;
  const char* negative = "N";  // one letter: a prompt; two: the case's options are the negative's
};

constexpr Recipe kRecipes[] = {
    {.run = "combined", .options = nullptr, .positive = "combine_A_C"},
    {.run = "average", .options = nullptr, .positive = "average_A_C_0.6"},
    {.run = "concat", .options = nullptr, .positive = "concat_A_C"},
    {.run = "zero_out", .options = nullptr, .positive = "zero_out_A"},
    {.run = "combined_three", .options = "combined_three", .positive = "ACB"},
    {.run = "area_two_halves", .options = "area_two_halves", .positive = "ACB"},
    {.run = "area_percentage", .options = "area_percentage", .positive = "BA"},
    {.run = "area_percentage_strength", .options = "area_percentage_strength", .positive = "BA"},
    {.run = "mask_default", .options = "mask_default", .positive = "CA"},
    {.run = "mask_bounds", .options = "mask_bounds", .positive = "CA"},
    {.run = "mask_pair", .options = "mask_pair", .positive = "AC"},
    {.run = "timestep_ranges", .options = "timestep_ranges", .positive = "AC"},
    {.run = "timestep_range_gap", .options = "timestep_range_gap", .positive = "A"},
    {.run = "mask_and_range_and_area", .options = "mask_and_range_and_area", .positive = "BA"},
    {.run = "negative_two", .options = "negative_two", .positive = "A", .negative = "NC"},
};

void check_run(const GoldenFile& file, Context& context, const Workshop& shop, const std::string& name,
               Report& report) {
  const auto parts = name_parts(name);
  const bool sag = parts[0] == "run_sag";
  if (sag && parts[1] == "negative_combined") {
    return report.skip(name, "deliberate difference: SAG takes the mean over several negatives");
  }
  const auto* recipe = std::ranges::find(kRecipes, parts[1], &Recipe::run);
  require(recipe != std::end(kRecipes), Fault::bad_file, "no recipe is known for \"{}\"", parts[1]);
  const std::string negative = recipe->negative;
  const bool options_are_negative = negative.size() > 1;
  const auto with_options = [&](std::string_view names) {
    return shop.with_options(recipe->options, names);
  };
  Conditioning positive;
  if (options_are_negative) {
    positive = shop.prompt(*recipe->positive);
  } else {
    positive = recipe->options != nullptr ? with_options(recipe->positive)
                                          : from_name(shop, recipe->positive);
  }
  const Json params = file.params();
  sagitta::SampleParams run;
  run.seed = field<std::uint64_t>(params, "seed");
  run.steps = field<int>(params, "steps");
  run.cfg = field<float>(params, "cfg");
  run.sampler = field<std::string>(params, "sampler");
  run.scheduler = field<std::string>(params, "scheduler");
  const Array expected = file.array(name);
  const sagitta::Model plain = model_of(file, context);
  report.check(name,
               sample(sag ? with_sag(plain, {}) : plain, positive,
                      options_are_negative ? with_options(negative) : shop.prompt(negative.front()),
                      {.samples = Array(expected.shape())}, run),
               expected, file.tolerances().of("runs"));
}

void run(const GoldenFile& file, Context& context, Report& report) {
  const Workshop shop(file, context);
  check_contexts(file, shop, report);
  for (const auto& [name, tensor] : file.tensors) {
    if (!name.starts_with("run")) continue;
    report.attempt(name, [&, &name = name] { check_run(file, context, shop, name, report); });
  }
}

}  // namespace

const Kind kConditioningKind{.name = "conditioning nodes", .matches = matches, .run = run};

}  // namespace golden
