#include "sagitta/graph/ui_format.h"

#include "sagitta/base/error.h"
#include "sagitta/graph/check_inputs.h"
#include "sagitta/graph/dynamic_prompt.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/ui_graph.h"
#include "sagitta/graph/ui_widgets.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>
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

bool is_one_of(std::string_view type, std::span<const std::string_view> types) {
  return std::ranges::find(types, type) != types.end();
}

bool is_reroute(const UiNode& node) {
  static constexpr std::array<std::string_view, 2> kTypes = {"Reroute", "Reroute (rgthree)"};
  return is_one_of(node.type, kTypes);
}

// ComfyUI's own boxes without a node behind them, and those of widespread extensions.
bool exists_on_screen_only(const UiNode& node) {
  static constexpr std::array<std::string_view, 12> kTypes = {"PrimitiveNode",
                                                              "Note",
                                                              "MarkdownNote",
                                                              "SetNode",
                                                              "GetNode",
                                                              "Label (rgthree)",
                                                              "Bookmark (rgthree)",
                                                              "Fast Muter (rgthree)",
                                                              "Fast Bypasser (rgthree)",
                                                              "Fast Groups Muter (rgthree)",
                                                              "Fast Groups Bypasser (rgthree)",
                                                              "Node Collector (rgthree)"};
  return is_reroute(node) || is_one_of(node.type, kTypes);
}

// The input that a bypassed node passes on as its output, by ComfyUI's rule: the one in the same
// place if it fits both the output and what is wanted at the end of the line, otherwise the first
// of exactly the wanted type, otherwise the first that fits.
const UiInput* bypass_input(const UiNode& node, std::int64_t slot, std::string_view wanted) {
  const std::vector<UiInput>& inputs = node.inputs;
  const auto at = static_cast<std::size_t>(slot);
  const UiInput* const opposite =
      slot >= 0 && std::cmp_less(slot, inputs.size()) ? &inputs[at] : nullptr;
  if (wanted == kAnyType || wanted.empty()) {
    return opposite != nullptr || inputs.empty() ? opposite : &inputs.front();
  }
  const bool has_type = slot >= 0 && std::cmp_less(slot, node.output_types.size());
  const std::string_view given = has_type ? std::string_view(node.output_types[at]) : kAnyType;
  const auto fits = [&](const UiInput& in) {
    return types_match(in.type, given) && types_match(in.type, wanted);
  };
  if (opposite != nullptr && fits(*opposite)) return opposite;
  auto it = std::ranges::find(inputs, wanted, &UiInput::type);
  if (it == inputs.end()) it = std::ranges::find_if(inputs, fits);
  return it == inputs.end() ? nullptr : &*it;
}

// The box that feeds a GetNode: the SetNode of the same name in the same drawing.
const UiNode* setter_of(const UiGraph& graph, const UiNode& getter) {
  const std::optional<Json> name = primitive_value(getter);
  const auto it = std::ranges::find_if(graph.nodes, [&](const UiNode& node) {
    return node.type == "SetNode" && name && primitive_value(node) == name;
  });
  return it == graph.nodes.end() ? nullptr : &*it;
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
    const NodeDef* const def = registry_.find(node.type);
    if (def != nullptr) {
      for (auto& [name, value] : widget_values(node, *def, services_)) {
        std::optional<Json> promoted = outer_value(scope, node.id, name);
        set_literal(out, def, name, promoted ? std::move(*promoted) : std::move(value));
      }
    }
    for (const UiInput& in : node.inputs) {
      if (!in.link) continue;
      Source source = resolve(scope, *in.link, node, in);
      if (Link* const link = std::get_if<Link>(&source)) out.set(in.name, std::move(*link));
      Json* const value = std::get_if<Json>(&source);
      if (value != nullptr) set_literal(out, def, in.name, std::move(*value));
    }
  }

  void set_literal(PromptNode& node, const NodeDef* def, const std::string& input, Json value) {
    const Input* const in = def == nullptr ? nullptr : def->find_input(input);
    if (in != nullptr && value.is_string() && is_dynamic(*in)) {
      value = dynamic_prompt(value.get_ref<const std::string&>());
    }
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
        if (!outer->link) {
          std::optional<Json> value = outer_value(*scope->parent, scope->instance->id, outer->name);
          return to_source(value ? std::move(value) : instance_value(*scope->instance, *outer));
        }
        scope = scope->parent;
        link = find_link(*scope, *outer->link);
        continue;
      }
      const UiNode* const from = scope->graph->find(link->from);
      if (from == nullptr) {
        if (can_do_without(node, input)) return {};
        return Link{.node = scope->prefix + link->from, .slot = link->from_slot};
      }
      if (from->muted()) return {};
      if (from->bypassed() || is_reroute(*from) || from->type == "SetNode") {
        const UiInput* const passed = from->bypassed() && !is_reroute(*from)
                                          ? bypass_input(*from, link->from_slot, input.type)
                                          : first_input(*from);
        link = passed == nullptr || !passed->link ? nullptr : find_link(*scope, *passed->link);
        continue;
      }
      if (from->type == "GetNode") {
        const UiNode* const setter = setter_of(*scope->graph, *from);
        const UiInput* const passed = setter == nullptr ? nullptr : first_input(*setter);
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

  // The value that instances around the scope hold for a widget of a node in it; where each shows a
  // widget of the next, the outermost counts.
  static std::optional<Json> outer_value(const Scope& scope, std::string_view node_id,
                                         std::string_view widget) {
    if (scope.instance == nullptr) return std::nullopt;
    const auto& promoted = scope.instance->promoted;
    const bool shown = std::ranges::any_of(promoted, [&](const auto& entry) {
      return entry.first == node_id && entry.second == widget;
    });
    if (shown) {
      if (auto value = outer_value(*scope.parent, scope.instance->id, widget)) return value;
    }
    return promoted_value(*scope.instance, node_id, widget);
  }

  // Whether a link from nowhere may be forgotten, since the input has a value of its own or needs
  // none; otherwise it stays for validate() to report.
  bool can_do_without(const UiNode& node, const UiInput& input) const {
    const NodeDef* const def = registry_.find(node.type);
    const Input* const in = def == nullptr ? nullptr : def->find_input(input.name);
    return in != nullptr && (in->is_widget() || in->section == Section::optional);
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
