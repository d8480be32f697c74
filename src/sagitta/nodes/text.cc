// Texts cut, joined and compared as Python's str does it: positions count code points.
#include "sagitta/nodes/text_nodes.h"
#include "sagitta/text/python_case.h"
#include "sagitta/text/unicode.h"

#include <algorithm>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeDef;
using text::decode_utf8;
using text::encode_utf8;

std::string lower(const std::string& text) { return encode_utf8(text::lower(decode_utf8(text))); }

std::string join(const NodeCall& call) {
  return call.text("string_a") + call.text("delimiter") + call.text("string_b");
}

// text[start:end], with negative positions from the end.
std::string substring(const NodeCall& call) {
  const std::u32string text = decode_utf8(call.text("string"));
  const auto length = static_cast<std::int64_t>(text.size());
  const auto place = [&](std::string_view name) {
    const std::int64_t at = call.integer(name);
    return std::clamp<std::int64_t>(at < 0 ? at + length : at, 0, length);
  };
  const std::int64_t start = place("start");
  const std::int64_t end = std::max(place("end"), start);
  return encode_utf8(std::u32string_view(text).substr(static_cast<std::size_t>(start),
                                                      static_cast<std::size_t>(end - start)));
}

std::int64_t length(const NodeCall& call) {
  return static_cast<std::int64_t>(decode_utf8(call.text("string")).size());
}

std::string convert_case(const NodeCall& call) {
  const std::u32string text = decode_utf8(call.text("string"));
  const std::string& mode = call.text("mode");
  if (mode == "UPPERCASE") return encode_utf8(text::upper(text));
  if (mode == "lowercase") return encode_utf8(text::lower(text));
  if (mode == "Capitalize") return encode_utf8(text::capitalized(text));
  return encode_utf8(text::title_case(text));
}

std::string trim(const NodeCall& call) {
  const std::u32string text = decode_utf8(call.text("string"));
  const std::string& mode = call.text("mode");
  auto begin = text.begin();
  auto end = text.end();
  if (mode != "Right") begin = std::find_if_not(begin, end, text::is_space);
  if (mode != "Left") {
    while (end != begin && text::is_space(*(end - 1))) --end;
  }
  return encode_utf8(std::u32string(begin, end));
}

// An empty text is found before every character and at the end.
std::string replace(const NodeCall& call) {
  const std::u32string text = decode_utf8(call.text("string"));
  const std::u32string find = decode_utf8(call.text("find"));
  const std::string& by = call.text("replace");
  std::string out;
  std::size_t at = 0;
  std::size_t found = text.find(find);
  while (found != std::u32string::npos) {
    out += encode_utf8(std::u32string_view(text).substr(at, found - at)) + by;
    require_text_size(out);
    at = found + find.size();
    found = text.find(find, find.empty() ? found + 1 : at);
  }
  return out + encode_utf8(std::u32string_view(text).substr(at));
}

bool contains(const NodeCall& call) {
  const std::string& text = call.text("string");
  const std::string& part = call.text("substring");
  if (call.boolean("case_sensitive")) return text.find(part) != std::string::npos;
  return lower(text).find(lower(part)) != std::string::npos;
}

bool compare(const NodeCall& call) {
  const bool exact = call.boolean("case_sensitive");
  const std::string a = exact ? call.text("string_a") : lower(call.text("string_a"));
  const std::string b = exact ? call.text("string_b") : lower(call.text("string_b"));
  const std::string& mode = call.text("mode");
  if (mode == "Starts With") return a.starts_with(b);
  if (mode == "Ends With") return a.ends_with(b);
  return a == b;
}

}  // namespace

std::vector<NodeDef> text_nodes() {
  return {
      text_node("StringConcatenate", "Concatenate Text", "Joins two texts with a third in between.",
                {multiline("string_a"), multiline("string_b"),
                 graph::input("delimiter", "STRING", {{"default", ""}, {"multiline", false}})},
                {.type = "STRING"}, join),
      text_node("StringSubstring", "Substring",
                "The part of a text from one position to before another; negative ones count from "
                "the end.",
                {multiline("string"), graph::input("start", "INT", Json::object()),
                 graph::input("end", "INT", Json::object())},
                {.type = "STRING"}, substring),
      text_node("StringLength", "Text Length", "How many characters a text has.",
                {multiline("string")}, {.type = "INT", .name = "length"}, length),
      text_node("CaseConverter", "Convert Text Case", "Changes the case of letters.",
                {multiline("string"),
                 graph::combo("mode", {"UPPERCASE", "lowercase", "Capitalize", "Title Case"})},
                {.type = "STRING"}, convert_case),
      text_node("StringTrim", "Trim Text", "Takes white space off the ends.",
                {multiline("string"), graph::combo("mode", {"Both", "Left", "Right"})},
                {.type = "STRING"}, trim),
      text_node("StringReplace", "Replace Text", "Replaces a text wherever it stands in another.",
                {multiline("string"), multiline("find"), multiline("replace")}, {.type = "STRING"},
                replace),
      text_node("StringContains", "Contains Text", "Whether a text stands in another.",
                {multiline("string"), multiline("substring"),
                 advanced(bool_widget("case_sensitive", true))},
                {.type = "BOOLEAN", .name = "contains"}, contains),
      text_node("StringCompare", "Compare Text",
                "Whether a text equals another, or begins or ends with it.",
                {multiline("string_a"), multiline("string_b"),
                 graph::combo("mode", {"Starts With", "Ends With", "Equal"}),
                 advanced(bool_widget("case_sensitive", true))},
                {.type = "BOOLEAN"}, compare)};
}

}  // namespace sagitta::nodes
