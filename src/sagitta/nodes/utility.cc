// Wiring: values of their own, and a look at any value.
#include "sagitta/core/array.h"
#include "sagitta/graph/literal.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/value_text.h"

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeDef;
using graph::NodeResult;

NodeDef reroute() {
  return {
      .id = "Reroute",
      .display_name = "Reroute",
      .category = "utils",
      .description = "Passes its input on.",
      .inputs = graph::inputs(graph::socket("", std::string(graph::kAnyType))),
      .outputs = {{.type = std::string(graph::kAnyType), .name = "output"}},
      .run = [](const NodeCall& call) -> NodeResult { return {.values = {*call.find_any("")}}; }};
}

// Its value goes out as the literal that it is.
NodeDef primitive(std::string id, std::string display_name, const std::string& type, Json options) {
  return {.id = std::move(id),
          .display_name = std::move(display_name),
          .category = "utilities/primitive",
          .description = "A value for any number of inputs.",
          .inputs = {graph::input("value", type, std::move(options))},
          .outputs = {{.type = type}},
          .style = graph::NodeStyle::schema,
          .run = [](const NodeCall& call) -> NodeResult {
            return {.values = {std::any(call.literals.at("value"))}};
          }};
}

// Python's json.dumps(value, indent=4).
std::string json_text(const Json& value) { return value.dump(4, ' ', true); }

std::string shown(const NodeCall& call) {
  const std::any* const linked = call.find_any("source");
  if (linked != nullptr && !graph::literal_from(*linked)) {
    if (const auto* const array = std::any_cast<Array>(linked)) {
      return fmt::format("numbers of shape {}", to_string(array->shape()));
    }
    return "a value that has no text";
  }
  const std::optional<Json> value = json_value(call, "source");
  if (!value || !value->is_structured()) return python_text(value.value_or(Json()));
  return json_text(*value);
}

NodeDef preview_any() {
  return {.id = "PreviewAny",
          .display_name = "Preview as Text",
          .category = "utilities",
          .description = "Shows a value as text.",
          .inputs = {graph::input("source", std::string(graph::kAnyType), Json::object())},
          .outputs = {{.type = "STRING"}},
          .output_node = true,
          .python_module = "comfy_extras.nodes_preview_any",
          .run = [](const NodeCall& call) -> NodeResult {
            const std::string text = shown(call);
            return {.values = {text}, .ui = {{"text", Json::array({text})}}};
          }};
}

}  // namespace

std::vector<NodeDef> utility_nodes() {
  constexpr std::int64_t kLimit = 9223372036854775807;
  const Json range{{"min", -kLimit}, {"max", kLimit}};
  Json whole = range;
  whole["control_after_generate"] = "fixed";
  Json number = range;
  number["step"] = 0.1;
  NodeDef multiline =
      primitive("PrimitiveStringMultiline", "Text (Multiline)", "STRING", {{"multiline", true}});
  multiline.essentials_category = "Basics";
  return {reroute(),
          primitive("PrimitiveInt", "Int", "INT", whole),
          primitive("PrimitiveFloat", "Float", "FLOAT", number),
          primitive("PrimitiveBoolean", "Boolean", "BOOLEAN", Json::object()),
          primitive("PrimitiveString", "Text", "STRING", {{"multiline", false}}),
          std::move(multiline),
          preview_any()};
}

}  // namespace sagitta::nodes
