// The schedules by name, and the mapping between sigmas, timesteps and percentages.
#include "golden_runner/kinds.h"
#include "golden_runner/name_parts.h"
#include "sagitta/diffusion/model_sampling.h"
#include "sagitta/diffusion/schedule.h"

#include <utility>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::ModelSampling;
using sagitta::PredictionType;

bool matches(const GoldenFile& file) { return file.folder == "sigmas" && !file.is_json(); }

Array list(std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {{size}, std::move(values)};
}

template <class Map>
Array mapped(Array values, Map map) {
  for (float& value : values.values()) value = static_cast<float>(map(value));
  return values;
}

// "karras/steps5/denoise0.5/plain"
Array schedule(const std::vector<std::string_view>& parts, const ModelSampling& sampling) {
  const bool discard = parts[3] == "discard_penultimate";
  sagitta::require(discard || parts[3] == "plain", sagitta::Fault::bad_file,
                   "\"{}\" is neither plain nor discard_penultimate", parts[3]);
  return list(sagitta::make_sigmas(sagitta::find_scheduler(parts[0]), sampling,
                                   integer_in(parts[1], "steps"), number_in(parts[2], "denoise"),
                                   discard));
}

void run(const GoldenFile& file, Context&, Report& report) {
  const Tolerance tolerance = file.tolerances().first();
  const ModelSampling sampling = sagitta::discrete_sampling(PredictionType::eps);
  // Inputs of the mappings are the other tensor of the pair.
  const auto mapping = [&](const std::string& name, const auto& parts) -> std::optional<Array> {
    if (name == "timestep_of_sigma/t") {
      return mapped(file.array("timestep_of_sigma/sigma"),
                    [&](float sigma) { return sampling.timestep(sigma); });
    }
    if (name == "sigma_of_timestep/sigma") {
      return mapped(file.array("sigma_of_timestep/t"),
                    [&](float timestep) { return sampling.sigma(timestep); });
    }
    if (name == "percent_to_sigma/sigma") {
      return mapped(file.array("percent_to_sigma/percent"), [&](float percent) {
        // The list holds doubles rounded to float, and the mapping is discontinuous at its ends.
        return sampling.percent_to_sigma(static_cast<double>(percent));
      });
    }
    if (name == "model_sigmas") return list(sampling.sigmas);
    if (name == "model_log_sigmas") return list(sampling.log_sigmas);
    if (name == "zsnr_sigmas") {
      return list(
          sagitta::discrete_sampling(PredictionType::eps, {.zero_terminal_snr = true}).sigmas);
    }
    if (parts.size() == 4) return schedule(parts, sampling);
    return std::nullopt;
  };
  for (const auto& [name, tensor] : file.tensors) {
    const bool is_argument = name == "timestep_of_sigma/sigma" || name == "sigma_of_timestep/t" ||
                             name == "percent_to_sigma/percent";
    if (is_argument) continue;
    report.attempt(name, [&, &name = name, &tensor = tensor] {
      const std::optional<Array> got = mapping(name, name_parts(name));
      if (!got) return report.skip(name, "no such list or mapping is known");
      report.check(name, *got, to_array(tensor), tolerance);
    });
  }
}

}  // namespace

const Kind kSchedulersKind{.name = "schedules", .matches = matches, .run = run};

}  // namespace golden
