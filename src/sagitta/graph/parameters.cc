#include "sagitta/graph/parameters.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/parameters_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>

namespace sagitta::graph {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// They describe the picture or the program, and change nothing.
bool is_harmless(std::string_view name) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "version",    "model hash", "vae hash",     "lora hashes",       "ti hashes",        "hashes",
      "ensd",       "app",        "batch size",   "civitai resources", "civitai metadata", "user",
      "time taken", "generator",  "created date", "template",          "negative template"};
  return std::ranges::find(kNames, name) != kNames.end();
}

template <class T>
std::optional<T> number_from(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

// "512x768"
std::optional<std::pair<std::int64_t, std::int64_t>> size_from(std::string_view text) {
  const std::size_t cross = text.find('x');
  if (cross == std::string_view::npos) return std::nullopt;
  const auto width = number_from<std::int64_t>(text.substr(0, cross));
  const auto height = number_from<std::int64_t>(text.substr(cross + 1));
  if (!width || !height || *width <= 0 || *height <= 0) return std::nullopt;
  return std::pair(*width, *height);
}

// The names in "one: 66a7279a, two: 9f1c".
std::vector<std::string> hashed_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty() && names.size() < 100) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
    const std::size_t colon = entry.find(':');
    const std::size_t begin = entry.find_first_not_of(' ');
    if (colon != std::string_view::npos && begin < colon) {
      names.emplace_back(entry.substr(begin, colon - begin));
    }
  }
  return names;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(parse_parameters_text(text)) {}

  Parameters read() {
    read_prompts();
    for (const auto& [name, value] : text_.fields) {
      if (!value.empty() && !take(lower(name), value)) {
        out_.unknown.push_back(fmt::format("{}: {}", escaped(name), escaped(value)));
      }
    }
    choose_sampler();
    tidy_names();
    if (!out_.hires && out_.denoise && *out_.denoise < 1) {
      note("it was made from another picture, which is not part of it: drawn from noise instead");
    }
    return std::move(out_);
  }

 private:
  void note(std::string text) { out_.notes.push_back(std::move(text)); }

  void read_prompts() {
    ReadPrompt prompt = prompt_from_a1111(text_.prompt);
    ReadPrompt negative = prompt_from_a1111(text_.negative);
    out_.prompt = std::move(prompt.text);
    out_.negative = std::move(negative.text);
    out_.loras = std::move(prompt.loras);
    if (!negative.loras.empty()) note("<lora:...> tags in the negative prompt are left out");
    for (ReadPrompt* const part : {&prompt, &negative}) {
      for (std::string& line : part->notes) {
        if (std::ranges::find(out_.notes, line) == out_.notes.end()) note(std::move(line));
      }
    }
  }

  void tidy_names() {
    // "model.safetensors [372b6a05]"
    const std::size_t hash = out_.model.rfind(" [");
    if (hash != std::string::npos && out_.model.ends_with(']')) out_.model.resize(hash);
    // The extensions that state no sigma blur with 1.
    if (out_.sag && !out_.sag->blur_sigma) out_.sag->blur_sigma = 1;
  }

  HiresFix& hires() {
    if (!out_.hires) out_.hires.emplace();
    return *out_.hires;
  }

  SagSettings& sag() {
    if (!out_.sag) out_.sag.emplace();
    return *out_.sag;
  }

  // Whether the field is understood.
  bool take(const std::string& name, const std::string& value) {
    return take_text(name, value) || take_number(name, value) || take_remark(name, value);
  }

  bool take_text(const std::string& name, const std::string& value) {
    const std::map<std::string_view, std::string*> targets = {
        {"sampler", &sampler_},
        {"schedule type", &schedule_type_},
        {"scheduler", &schedule_type_},
        {"model", &out_.model},
        {"hires sampler", &hires_sampler_},
        {"hires schedule type", &hires_schedule_type_}};
    if (const auto it = targets.find(name); it != targets.end()) {
      *it->second = value;
    } else if (name == "vae") {
      if (value != "Automatic" && value != "None") out_.vae = value;
    } else if (name == "hires upscaler") {
      hires().upscaler = value;
    } else {
      return false;
    }
    return true;
  }

  template <class T, class Target>
  static bool put(const std::optional<T>& value, Target& target) {
    if (value) target = *value;
    return value.has_value();
  }

  bool take_number(const std::string& name, const std::string& value) {
    const auto number = [&] { return number_from<double>(value); };
    const auto whole = [&] { return number_from<std::int64_t>(value); };
    if (name == "steps") return put(whole(), out_.steps);
    if (name == "cfg scale") return put(number(), out_.cfg);
    if (name == "seed") return put(number_from<std::uint64_t>(value), out_.seed);
    if (name == "size") return put(size_from(value), out_.size);
    if (name == "clip skip") return put(number_from<int>(value), out_.clip_skip);
    if (name == "denoising strength") return put(number(), out_.denoise);
    if (name == "hires upscale") return put(number(), hires().scale);
    if (name == "hires resize") return put(size_from(value), hires().size);
    if (name == "hires steps") return put(whole(), hires().steps);
    if (name == "hires cfg scale") return put(number(), hires().cfg);
    if (name == "sag guidance scale" || name == "sag_scale") return put(number(), sag().scale);
    if (name == "sag mask threshold" || name == "sag_threshold")
      return put(number(), sag().threshold);
    if (name == "sag blur sigma" || name == "sag_blur_sigma")
      return put(number(), sag().blur_sigma);
    return false;
  }

  // Fields that change nothing here, some of them with a word about it.
  bool take_remark(const std::string& name, const std::string& value) {
    if (name == "sag guidance enabled" || name == "sag enabled" || name == "sag_enabled")
      return lower(value) == "true";
    if (name == "rng") {
      if (value != "CPU")
        note(
            fmt::format("the noise was made by RNG {}, not by torch on the CPU", in_quotes(value)));
      return true;
    }
    if (name == "batch pos") {
      if (value != "0") note("it was one of a batch, whose seeds are counted on");
      return true;
    }
    if (name == "ti hashes") out_.embeddings = hashed_names(value);
    if (name == "ensd") note("ENSD is ignored: the noise of ancestral samplers is another one");
    return is_harmless(name);
  }

  void choose_sampler() {
    if (sampler_.empty()) return;
    const SamplerChoice first = sampler_from(sampler_, schedule_type_);
    out_.sampler = first.sampler;
    out_.scheduler = first.scheduler;
    note_unknown(first, sampler_, schedule_type_);
    if (!out_.hires) return;
    const std::string& hires_name = hires_sampler_.empty() ? sampler_ : hires_sampler_;
    const std::string& hires_type =
        hires_schedule_type_.empty() ? schedule_type_ : hires_schedule_type_;
    const SamplerChoice second = sampler_from(hires_name, hires_type);
    out_.hires->sampler = second.sampler;
    out_.hires->scheduler = second.scheduler;
  }

  void note_unknown(const SamplerChoice& choice, const std::string& name, const std::string& type) {
    if (choice.known) return;
    note(fmt::format("the sampler {}{} is not known by that name", in_quotes(name),
                     type.empty() ? "" : " with the schedule type " + in_quotes(type)));
  }

  ParametersText text_;
  Parameters out_;
  std::string sampler_;
  std::string schedule_type_;
  std::string hires_sampler_;
  std::string hires_schedule_type_;
};

}  // namespace

Parameters read_parameters(std::string_view text) { return Reader(text).read(); }

}  // namespace sagitta::graph
