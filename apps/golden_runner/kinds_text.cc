// Prompts: weighted segments, and chunks of 77 token ids with weights.
#include "golden_runner/kinds.h"
#include "sagitta/text/prompt.h"
#include "sagitta/text/weights.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace golden {
namespace {

using sagitta::Fault;
using sagitta::Json;
using sagitta::require;
using sagitta::text::Chunk;
using sagitta::text::Segment;

bool matches(const GoldenFile& file) { return file.folder == "text" && file.is_json(); }

// JSON has no spelling for what is not finite; those weights are strings.
double weight_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return HUGE_VAL;
  require(value == "-inf", Fault::bad_file, "{} is no weight", value.dump());
  return -HUGE_VAL;
}

bool same_weight(double got, double expected) {
  if (std::isnan(expected)) return std::isnan(got);
  // Some files round their weights to six decimals.
  return got == expected || std::fabs(got - expected) <= 1e-6 * (1 + std::fabs(expected));
}

// Nothing, or what differs.
std::string compare_segments(const std::vector<Segment>& got, const Json& expected) {
  require(expected.is_array(), Fault::bad_file, "\"segments\" is no array");
  if (got.size() != expected.size()) {
    return fmt::format("{} segments, expected {}", got.size(), expected.size());
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Json& want = expected[i];
    require(want.is_array() && want.size() == 2 && want[0].is_string(), Fault::bad_file,
            "a segment is a text and a weight");
    if (got[i].text != want[0] || !same_weight(got[i].weight, weight_of(want[1]))) {
      return fmt::format("segment {} is \"{}\" with {}, expected {}", i, got[i].text, got[i].weight,
                         want.dump());
    }
  }
  return {};
}

// The lists of ids end at the last one that is no padding.
std::string compare_chunks(const std::vector<Chunk>& got, const Json& expected, int pad) {
  require(expected.is_array(), Fault::bad_file, "the chunks are no array");
  if (got.size() != expected.size()) {
    return fmt::format("{} chunks, expected {}", got.size(), expected.size());
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Json& ids = array_field(expected[i], "ids");
    const Json& weights = array_field(expected[i], "weights");
    require(ids.size() == weights.size() && ids.size() <= got[i].size() &&
                field<std::size_t>(expected[i], "length") == got[i].size(),
            Fault::bad_file, "chunk {} has lists of other lengths", i);
    for (std::size_t j = 0; j < got[i].size(); ++j) {
      const int id = j < ids.size() ? ids[j].get<int>() : pad;
      const double weight = j < ids.size() ? weight_of(weights[j]) : 1.0;
      if (got[i][j].id != id || !same_weight(got[i][j].weight, weight)) {
        return fmt::format("chunk {}, token {} is {} with {}, expected {} with {}", i, j,
                           got[i][j].id, got[i][j].weight, id, weight);
      }
    }
  }
  return {};
}

// The number at the front of text, which is cut off.
int take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  require(error == std::errc(), Fault::bad_file, "there is no number in front of \"{}\"", text);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// How the tokens of a field were made: "pad0", "pad49407_with_embedding_foo_3_vectors".
struct Setting {
  int pad = 0;
  std::string embedding;  // "" if none is known
  int vectors = 0;
};

Setting setting_of(std::string_view key) {
  Setting setting;
  key.remove_prefix(std::string_view("pad").size());
  setting.pad = take_number(key);
  if (key.empty()) return setting;
  constexpr std::string_view kWith = "_with_embedding_";
  constexpr std::string_view kVectors = "_vectors";
  require(key.starts_with(kWith) && key.ends_with(kVectors), Fault::bad_file,
          "\"{}\" is not understood", key);
  key = key.substr(kWith.size(), key.size() - kWith.size() - kVectors.size());
  const std::size_t last = key.rfind('_');
  require(last != std::string_view::npos, Fault::bad_file, "\"{}\" has no number of vectors", key);
  setting.embedding = key.substr(0, last);
  key.remove_prefix(last + 1);
  setting.vectors = take_number(key);
  return setting;
}

std::vector<Chunk> chunks_of(const std::string& prompt, const Setting& setting) {
  sagitta::text::PromptOptions options{.pad = setting.pad};
  if (!setting.embedding.empty()) {
    options.embeddings = [&](std::string_view name) -> std::optional<sagitta::text::EmbeddingInfo> {
      if (name != setting.embedding) return std::nullopt;
      return sagitta::text::EmbeddingInfo{.index = 0, .vectors = setting.vectors};
    };
  }
  return tokenize_prompt(sagitta::text::clip_tokenizer(), prompt, options).chunks;
}

void run(const GoldenFile& file, Context&, Report& report) {
  std::size_t index = 0;
  for (const Json& one : array_field(file.json, "cases")) {
    const std::string name = fmt::format("case {}", index++);
    report.attempt(name, [&] {
      const auto prompt = field<std::string>(one, "prompt");
      for (const auto& [key, expected] : one.items()) {
        const std::string part = name + " " + key;
        if (key == "prompt") continue;
        report.attempt(part, [&, &field_name = key, &value = expected] {
          std::string problem;
          if (field_name == "segments") {
            problem = compare_segments(sagitta::text::parse_weights(prompt), value);
          } else if (field_name.starts_with("pad")) {
            const Setting setting = setting_of(field_name);
            problem = compare_chunks(chunks_of(prompt, setting), value, setting.pad);
          } else {
            return report.skip(part, "no such field is known");
          }
          report.check_that(part, problem.empty(), problem);
        });
      }
    });
  }
}

}  // namespace

const Kind kTokenizeKind{.name = "prompts", .matches = matches, .run = run};

}  // namespace golden
