#include "sagitta/graph/ui_format.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/check_inputs.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/ui_graph.h"
#include "sagitta/graph/ui_widgets.h"

#include <algorithm>
#include <memory>
#include <variant>

namespace sagitta::graph {
namespace {

// A few bytes of JSON can describe an exponential number of nodes, or one text for all of them.
constexpr int kMaxSubgraphDepth = 20;
constexpr std::size_t kMaxSubgraphs = 1000;
constexpr std::size_t kMaxHops = 1000;
constexpr std::size_t kMaxTextBytes = 2 * kMaxJsonBytes;

// The bytes of all texts in a value.
std::size_t text_bytes(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  std::size_t bytes = sizeof(Json);
  if (value.is_structured()) {
    for (const Json& element : value) bytes += text_bytes(element);
  }
  return bytes;
}

// One drawing in its place: the main one, or a subgraph definition at one of its instances.
struct Scope {
  const UiGraph* graph = nullptr;
  const Scope* parent = nullptr;
  const UiNode* instance = nullptr;  // in the parent's drawing
  std::string prefix;                // of the ids of the nodes inside, e.g. "12:"
  std::map<std::string, std::unique_ptr<Scope>, std::less<>> children;  // by id of the instance
};

// What feeds an input: nothing, an output of a real node, or a value.
using Source = std::variant<std::monostate, Link, Json>;

bool exists_on_screen_only(const UiNode& node) {
  return node.type == "Reroute" || node.type == "PrimitiveNode" || node.type == "Note" ||
         node.type == "MarkdownNote";
}

// A bypassed node passes on the input in the place of the output if the type fits, otherwise the
// first input whose type does.
const UiInput* bypass_input(const UiNode& node, std::int64_t slot, std::string_view wanted) {
  const auto fits = [&](const UiInput& in) { return types_match(in.type, wanted); };
  if (slot >= 0 && std::cmp_less(slot, node.inputs.size())) {
    const UiInput& opposite = node.inputs[static_cast<std::size_t>(slot)];
    if (fits(opposite)) return &opposite;
  }
  const auto it = std::ranges::find_if(node.inputs, fits);
  return it == node.inputs.end() ? nullptr : &*it;
}

class Converter {
 public:
  Converter(const Json& json, const Registry& registry, const ServicesRef& services)
      : main_(read_ui_graph(json)),
        subgraphs_(read_subgraphs(json)),
        registry_(registry),
        services_(services) {}

  Prompt convert() {
    Scope root;
    root.graph = &main_;
    enter_instances(root, 0);
    emit(root);
    return std::move(prompt_);
  }

 private:
  void enter_instances(Scope& scope, int depth) {
    for (const UiNode& node : scope.graph->nodes) {
      const auto definition = subgraphs_.find(node.type);
      if (definition == subgraphs_.end() || node.muted() || node.bypassed()) continue;
      require(depth < kMaxSubgraphDepth, Fault::bad_input,
              "{}: subgraphs are nested more than {} levels deep, or one contains itself",
              node.label(), kMaxSubgraphDepth);
      require(++instances_ <= kMaxSubgraphs, Fault::bad_input,
              "the workflow has more than {} instances of subgraphs", kMaxSubgraphs);
      auto child = std::make_unique<Scope>();
      child->graph = &definition->second;
      child->parent = &scope;
      child->instance = &node;
      child->prefix = scope.prefix + node.id + ":";
      enter_instances(*child, depth + 1);
      scope.children.emplace(node.id, std::move(child));
    }
  }

  void emit(const Scope& scope) {
    for (const UiNode& node : scope.graph->nodes) {
      if (node.muted() || node.bypassed() || exists_on_screen_only(node)) continue;
      const auto child = scope.children.find(node.id);
      if (child != scope.children.end()) {
        emit(*child->second);
      } else {
        emit(scope, node);
      }
    }
  }

  void emit(const Scope& scope, const UiNode& node) {
    PromptNode& out = prompt_.add(
        {.id = scope.prefix + node.id, .class_type = node.type, .title = node.title, .inputs = {}});
    if (const NodeDef* const def = registry_.find(node.type)) {
      for (auto& [name, value] : widget_values(node, *def, services_)) {
        std::optional<Json> promoted;
        if (scope.instance != nullptr) promoted = promoted_value(*scope.instance, node.id, name);
        set_literal(out, name, promoted ? std::move(*promoted) : std::move(value));
      }
    }
    for (const UiInput& in : node.inputs) {
      if (!in.link) continue;
      Source source = resolve(scope, *in.link, node, in);
      if (Link* const link = std::get_if<Link>(&source)) out.set(in.name, std::move(*link));
      Json* const value = std::get_if<Json>(&source);
      if (value != nullptr) set_literal(out, in.name, std::move(*value));
    }
  }

  void set_literal(PromptNode& node, const std::string& input, Json value) {
    text_bytes_ += text_bytes(value);
    require(text_bytes_ <= kMaxTextBytes, Fault::bad_input,
            "{}, input {}: the values of the workflow are larger than {} bytes", label(node),
            in_quotes(input), kMaxTextBytes);
    node.set(input, std::move(value));
  }

  // Follows a link upstream to what really feeds the input.
  Source resolve(const Scope& start, const std::string& link_id, const UiNode& node,
                 const UiInput& input) const {
    const Scope* scope = &start;
    const UiLink* link = find_link(start, link_id);
    for (std::size_t hops = 0; link != nullptr; ++hops) {
      require(hops <= kMaxHops, Fault::bad_input,
              "{}, input {}: its link runs in a circle or over more than {} boxes", node.label(),
              in_quotes(input.name), kMaxHops);
      if (link->from == kSubgraphInputs && scope->parent != nullptr) {
        const UiInput* const outer = outer_input(*scope, link->from_slot);
        if (outer == nullptr) return {};
        if (!outer->link) return to_source(instance_value(*scope->instance, *outer));
        scope = scope->parent;
        link = find_link(*scope, *outer->link);
        continue;
      }
      const UiNode* const from = scope->graph->find(link->from);
      if (from == nullptr) return Link{.node = scope->prefix + link->from, .slot = link->from_slot};
      if (from->muted()) return {};
      if (from->bypassed() || from->type == "Reroute") {
        const UiInput* const passed = from->type == "Reroute"
                                          ? first_input(*from)
                                          : bypass_input(*from, link->from_slot, input.type);
        link = passed == nullptr || !passed->link ? nullptr : find_link(*scope, *passed->link);
        continue;
      }
      if (from->type == "PrimitiveNode") return to_source(primitive_value(*from));
      const auto child = scope->children.find(from->id);
      if (child == scope->children.end()) {
        return Link{.node = scope->prefix + from->id, .slot = link->from_slot};
      }
      scope = child->second.get();
      link = scope->graph->output_link(link->from_slot);
    }
    return {};
  }

  static const UiLink* find_link(const Scope& scope, std::string_view id) {
    const auto it = scope.graph->links.find(id);
    return it == scope.graph->links.end() ? nullptr : &it->second;
  }

  static const UiInput* first_input(const UiNode& node) {
    return node.inputs.empty() ? nullptr : &node.inputs.front();
  }

  // The input of the instance that belongs to an input slot of its subgraph.
  static const UiInput* outer_input(const Scope& scope, std::int64_t slot) {
    const std::vector<UiInput>& inputs = scope.instance->inputs;
    if (slot < 0) return nullptr;
    const auto at = static_cast<std::size_t>(slot);
    if (at < scope.graph->input_names.size()) {
      const auto it = std::ranges::find(inputs, scope.graph->input_names[at], &UiInput::name);
      if (it != inputs.end()) return &*it;
    }
    return at < inputs.size() ? &inputs[at] : nullptr;
  }

  static Source to_source(std::optional<Json> value) {
    return value ? Source(std::move(*value)) : Source();
  }

  UiGraph main_;
  std::map<std::string, UiGraph, std::less<>> subgraphs_;
  const Registry& registry_;
  const ServicesRef& services_;
  Prompt prompt_;
  std::size_t instances_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace

bool is_ui_format(const Json& json) {
  if (!json.is_object()) return false;
  const auto nodes = json.find("nodes");
  return nodes != json.end() && nodes->is_array();
}

Prompt parse_ui(const Json& json, const Registry& registry, const ServicesRef& services) {
  return Converter(json, registry, services).convert();
}

}  // namespace sagitta::graph
