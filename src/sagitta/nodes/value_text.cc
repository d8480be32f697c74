#include "sagitta/nodes/value_text.h"

#include "sagitta/graph/literal.h"

namespace sagitta::nodes {
namespace {

// repr() of a text: in single quotes unless that needs more backslashes.
std::string quoted(const std::string& text) {
  const bool has_single = text.find('\'') != std::string::npos;
  const char quote = has_single && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string inner_text(const Json& value) {
  return value.is_string() ? quoted(value.get_ref<const std::string&>()) : python_text(value);
}

}  // namespace

std::string python_text(const Json& value) {
  if (value.is_null()) return "None";
  if (!value.is_structured()) return text::python_str(plain_value(value));
  std::string out;
  for (const auto& [key, entry] : value.items()) {
    if (!out.empty()) out += ", ";
    if (value.is_object()) out += quoted(key) + ": ";
    out += inner_text(entry);
  }
  return value.is_object() ? "{" + out + "}" : "[" + out + "]";
}

std::optional<Json> json_value(const graph::NodeCall& call, std::string_view input) {
  if (const auto it = call.literals.find(input); it != call.literals.end()) return *it;
  const std::any* const linked = call.find_any(input);
  if (linked == nullptr) return std::nullopt;
  std::optional<Json> value = graph::literal_from(*linked);
  require(value.has_value(), Fault::bad_input, "the value of \"{}\" has no text", input);
  return value;
}

text::PlainValue plain_value(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return value.get<double>();
  return value.is_string() ? value.get<std::string>() : python_text(value);
}

}  // namespace sagitta::nodes
