#include "sagitta/models/unet/attention_layers.h"

#include "sagitta/base/error.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sagitta::models {
namespace {

// "d2.1-4" in parts.
struct LayerName {
  std::string_view block;  // "d2"
  int first = 0;           // transformers
  int last = 0;
  bool whole = true;       // no transformer named
};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool all = error == std::errc() && end == text.data() + text.size() && value >= 0;
  return all ? std::optional(value) : std::nullopt;
}

std::optional<LayerName> parse_name(std::string_view text) {
  const std::size_t dot = text.find('.');
  LayerName name{.block = text.substr(0, dot)};
  if (dot == std::string_view::npos) return name;
  const std::string_view range = text.substr(dot + 1);
  const std::size_t dash = range.find('-');
  const auto first = number(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(range.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  name.whole = false;
  name.first = *first;
  name.last = *last;
  return name;
}

std::string names_of(const std::vector<AttentionLayer>& layers) {
  if (layers.empty()) return "none: it has no attention";
  std::string names;
  for (const AttentionLayer& layer : layers) {
    if (!names.empty()) names += ", ";
    names += layer.name;
    if (layer.depth > 1) names += fmt::format(".0-{}", layer.depth - 1);
  }
  return names;
}

}  // namespace

std::vector<AttentionLayer> attention_layers(const UnetSpec& spec) {
  std::vector<AttentionLayer> layers;
  const auto add = [&](char stage, Stage where, int block, int depth, int count, std::int64_t channels,
                       std::size_t level) {
    layers.push_back({.name = fmt::format("{}{}", stage, count),
                      .at = {.stage = where, .block = block},
                      .depth = depth,
                      .channels = channels,
                      .heads = spec.heads_for(channels),
                      .downscale = std::int64_t{1} << level});
  };
  int block = 1;  // block 0 is the first convolution
  int count = 0;
  for (std::size_t level = 0; level < spec.levels.size(); ++level, ++block) {  // a downsampling ends it
    for (const int depth : spec.levels[level].input_depth) {
      if (depth > 0) {
        add('d', Stage::input, block, depth, count++, spec.levels[level].channels, level);
      }
      ++block;
    }
  }
  if (spec.middle_depth > 0) {
    add('m', Stage::middle, 0, spec.middle_depth, 0, spec.levels.back().channels,
        spec.levels.size() - 1);
  }
  block = 0;
  count = 0;
  for (std::size_t level = spec.levels.size(); level-- > 0;) {
    for (const int depth : spec.levels[level].output_depth) {
      if (depth > 0) {
        add('u', Stage::output, block, depth, count++, spec.levels[level].channels, level);
      }
      ++block;
    }
  }
  return layers;
}

std::vector<AttnSite> parse_layers(const UnetSpec& spec, std::string_view list) {
  const std::vector<AttentionLayer> layers = attention_layers(spec);
  constexpr std::string_view kSeparators = ", \t\n";
  std::vector<AttnSite> sites;
  for (std::size_t at = list.find_first_not_of(kSeparators); at != std::string_view::npos;) {
    const std::size_t end = std::min(list.find_first_of(kSeparators, at), list.size());
    const std::string_view text = list.substr(at, end - at);
    const auto name = parse_name(text);
    require(name.has_value(), Fault::bad_input,
            "attention layer '{}': expected a name such as m0, d2, d2.1 or d2.0-4", text);
    const auto layer = std::find_if(layers.begin(), layers.end(),
                                    [&](const AttentionLayer& one) { return one.name == name->block; });
    require(layer != layers.end() && (name->whole || name->last < layer->depth), Fault::bad_input,
            "this model has no self-attention layer '{}'; its layers are {}", text, names_of(layers));
    const int last = name->whole ? layer->depth - 1 : name->last;
    for (int depth = name->first; depth <= last; ++depth) {
      AttnSite site = layer->at;
      site.depth = depth;
      if (std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(site);
    }
    at = list.find_first_not_of(kSeparators, end);
  }
  require(!sites.empty(), Fault::bad_input,
          "no attention layer is named; the layers of this model are {}", names_of(layers));
  return sites;
}

}  // namespace sagitta::models
