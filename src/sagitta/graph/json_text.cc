#include "sagitta/graph/json_text.h"

#include "sagitta/base/error.h"

#include <array>
#include <string>
#include <unordered_set>
#include <vector>

namespace sagitta::graph {
namespace {

constexpr std::size_t kMessageBytes = 80;

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Python's spellings of non-finite numbers, wherever they stand outside of strings, become null.
std::string without_non_finite(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kWords = {"-Infinity", "Infinity", "NaN"};
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      out.append(text.substr(i, 2));
      i += 2;
      continue;
    }
    if (c == '"') in_string = !in_string;
    std::size_t word = 0;
    if (!in_string) {
      for (const std::string_view candidate : kWords) {
        if (word == 0 && text.substr(i).starts_with(candidate)) word = candidate.size();
      }
    }
    if (word > 0) {
      out += "null";
      i += word;
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

// Watches the parser: depth, number of keys and keys that stand twice.
class Limits {
 public:
  explicit Limits(std::string_view what) : what_(what) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      require(depth < kMaxJsonDepth, Fault::bad_input,
              "{}: JSON is nested more than {} levels deep", what_, kMaxJsonDepth);
      keys_.resize(static_cast<std::size_t>(depth) + 1);
      keys_.back().clear();
    } else if (event == Event::key) {
      keys_.resize(static_cast<std::size_t>(depth));
      const bool is_new = keys_.back().insert(parsed.get_ref<const std::string&>()).second;
      require(is_new, Fault::bad_input, "{}: the key {} stands twice in one object", what_,
              brief(parsed));
      require(keys_.back().size() <= kMaxJsonKeys, Fault::bad_input,
              "{}: a JSON object has more than {} keys", what_, kMaxJsonKeys);
    }
    return true;
  }

 private:
  std::string_view what_;
  std::vector<std::unordered_set<std::string>> keys_;  // of the open objects, outermost first
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  require(text.size() <= kMaxJsonBytes, Fault::bad_input,
          "{}: {} bytes of JSON, expected at most {}", what, text.size(), kMaxJsonBytes);
  std::string replaced;
  if (text.find("NaN") != std::string_view::npos ||
      text.find("Infinity") != std::string_view::npos) {
    replaced = without_non_finite(text);
    text = replaced;
  }
  try {
    return Json::parse(text.begin(), text.end(), Limits(what));
  } catch (const Json::exception& error) {
    throw Error(Fault::bad_input,
                fmt::format("{}: not valid JSON: {}", what, head(error.what(), 300)));
  }
}

std::string_view head(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::string escaped(std::string_view text) {
  const std::string text_json = dump(Json(std::string(head(text, kMessageBytes))));
  return text_json.substr(1, text_json.size() - 2) + (text.size() > kMessageBytes ? "..." : "");
}

std::string in_quotes(std::string_view text) { return '"' + escaped(text) + '"'; }

std::string brief(const Json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  const std::string text = dump(value);
  if (text.size() <= kMessageBytes) return text;
  return std::string(head(text, kMessageBytes)) + "...";
}

}  // namespace sagitta::graph
