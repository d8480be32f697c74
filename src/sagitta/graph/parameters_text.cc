#include "sagitta/graph/parameters_text.h"

#include "sagitta/base/error.h"
#include "sagitta/base/json.h"

#include <algorithm>
#include <optional>

namespace sagitta::graph {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kNegative = "Negative prompt:";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

bool may_be_in_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || c == '_' || c == ' ' || c == '-' || c == '/' || c == '+';
}

// The name before the colon at the front of rest, which becomes shorter; nothing if there is none.
std::optional<std::string_view> take_name(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, may_be_in_name);
  if (end == rest.end() || *end != ':') return std::nullopt;
  const auto length = static_cast<std::size_t>(end - rest.begin());
  const std::string_view name = trim(rest.substr(0, length));
  if (name.empty()) return std::nullopt;
  rest.remove_prefix(length + 1);
  return name;
}

// How far a quoted text, an object or a list at the front reaches; 0 if it does not end.
std::size_t structure_length(std::string_view text) {
  bool in_quotes = false;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes) {
      if (c == '\\') ++i;
      in_quotes = c != '"';
    } else if (c == '"') {
      in_quotes = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return 0;
      --depth;
    }
    if (!in_quotes && depth == 0) return i + 1;
  }
  return 0;
}

// Takes fields off the front of a line.
class FieldReader {
 public:
  explicit FieldReader(std::string_view line) : rest_(line) {}

  Fields read() {
    Fields fields;
    while (!rest_.empty()) {
      if (const std::optional<std::string_view> name = take_name(rest_)) {
        fields.emplace_back(*name, value());
      } else {
        rest_.remove_prefix(std::min(rest_.find(','), rest_.size() - 1) + 1);
      }
    }
    return fields;
  }

 private:
  // The value at the front, with the comma behind it.
  std::string value() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
    std::size_t length = 0;
    if (structures_end_ && rest_.find_first_of("\"{[") == 0) {
      length = structure_length(rest_);
      structures_end_ = length > 0;  // where one has no end, the line is not searched again
    }
    const std::size_t comma = std::min(rest_.find(',', length), rest_.size());
    const std::string_view raw = trim(rest_.substr(0, comma));
    rest_.remove_prefix(std::min(comma + 1, rest_.size()));
    if (length > 0 && raw.starts_with('"')) {
      const Json text = Json::parse(raw.begin(), raw.end(), nullptr, false);
      if (text.is_string()) return text.get<std::string>();
    }
    return std::string(raw);
  }

  std::string_view rest_;
  bool structures_end_ = true;
};

// The line of the fields: the last one that begins like one, otherwise the very last if it has
// three.
std::optional<std::size_t> find_fields(const std::vector<std::string_view>& lines) {
  for (std::size_t i = lines.size(); i-- > 0;) {
    if (trim(lines[i]).starts_with("Steps: ")) return i;
  }
  constexpr std::size_t kFewest = 3;
  if (FieldReader(lines.back()).read().size() >= kFewest) return lines.size() - 1;
  return std::nullopt;
}

bool needs_quotes(std::string_view value) {
  return value.find_first_of(",:\"\n\\") != std::string_view::npos || trim(value) != value;
}

}  // namespace

ParametersText parse_parameters_text(std::string_view text) {
  require(text.size() <= kMaxParametersBytes, Fault::bad_input,
          "the parameters of a picture have {} bytes, at most {} are read", text.size(),
          kMaxParametersBytes);
  const std::vector<std::string_view> lines = lines_of(trim(text));
  const std::size_t fields = find_fields(lines).value_or(lines.size());
  ParametersText parameters;
  std::string* part = &parameters.prompt;
  for (std::size_t i = 0; i < fields; ++i) {
    std::string_view line = lines[i];
    if (trim(line).starts_with(kNegative)) {
      part = &parameters.negative;
      line = trim(line).substr(kNegative.size());
    }
    *part += '\n';
    *part += line;
  }
  parameters.prompt = trim(parameters.prompt);
  parameters.negative = trim(parameters.negative);
  for (std::size_t i = fields; i < lines.size(); ++i) {
    // Behind the line of the fields, extensions have one field to a line.
    std::string_view line = trim(lines[i]);
    if (i == fields) {
      parameters.fields = FieldReader(line).read();
    } else if (const std::optional<std::string_view> name = take_name(line)) {
      parameters.fields.emplace_back(*name, trim(line));
    }
  }
  return parameters;
}

std::string to_text(const ParametersText& parameters) {
  std::string text = parameters.prompt;
  if (!parameters.negative.empty()) {
    text += fmt::format("\n{} {}", kNegative, parameters.negative);
  }
  std::string_view separator = "\n";
  for (const auto& [name, value] : parameters.fields) {
    text +=
        fmt::format("{}{}: {}", separator, name, needs_quotes(value) ? Json(value).dump() : value);
    separator = ", ";
  }
  return text;
}

}  // namespace sagitta::graph
