#include "sagitta/graph/workflow.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/ui_format.h"

namespace sagitta::graph {
namespace {

// The member if it is there and an object, otherwise nullptr.
const Json* object_member(const Json& json, std::string_view key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_object() ? &*it : nullptr;
}

// A node of the API form may be called "prompt" or "output" too, but then it has a class_type.
const Json* inner_prompt(const Json& json, std::string_view key) {
  const Json* const inner = object_member(json, key);
  return inner != nullptr && !inner->contains("class_type") ? inner : nullptr;
}

Json pnginfo(const Json& envelope) {
  if (const Json* const extra = object_member(envelope, "extra_data")) {
    if (const Json* const info = object_member(*extra, "extra_pnginfo")) return *info;
  }
  if (const Json* const ui = object_member(envelope, "workflow")) return Json{{"workflow", *ui}};
  return {};
}

}  // namespace

Workflow parse_workflow(const Json& json, const Registry& registry, const ServicesRef& services) {
  require(json.is_object(), Fault::bad_input, "the workflow is {}, expected an object of nodes",
          brief(json));
  if (is_ui_format(json)) {
    return {.prompt = parse_ui(json, registry, services),
            .extra_pnginfo = Json{{"workflow", json}}};
  }
  for (const std::string_view key : {"prompt", "output"}) {
    if (const Json* const inner = inner_prompt(json, key)) {
      return {.prompt = parse_prompt(*inner), .extra_pnginfo = pnginfo(json)};
    }
  }
  const Json* const drawing = inner_prompt(json, "workflow");
  if (drawing != nullptr && is_ui_format(*drawing)) {
    return parse_workflow(*drawing, registry, services);
  }
  return {.prompt = parse_prompt(json), .extra_pnginfo = {}};
}

Workflow parse_workflow(std::string_view text, std::string_view what, const Registry& registry,
                        const ServicesRef& services) {
  const Json json = parse_json(text, what);
  try {
    return parse_workflow(json, registry, services);
  } catch (const Error& error) {
    throw Error(error.fault(), fmt::format("{}: {}", what, error.what()));
  }
}

}  // namespace sagitta::graph
