// NodeDef: what a node is called, what goes in, what comes out, and the function it runs. The same
// definition drives validation, execution, the command line and the JSON of GET /object_info.
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/graph/call.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::graph {

// The type of an input whose value is one entry of a list.
inline constexpr std::string_view kCombo = "COMBO";
// The type that links to and from every other type.
inline constexpr std::string_view kAnyType = "*";
// The type of an input that takes one of several types ("template": {"template_id",
// "allowed_types"}), and of an output that has the type of what is linked to that input.
inline constexpr std::string_view kMatchType = "COMFY_MATCHTYPE_V3";

enum class Section { required, optional, hidden };

// The entries of a COMBO, asked for whenever they are needed, since lists of files change.
using Choices = std::function<std::vector<std::string>(const ServicesRef&)>;

// Every member has an initialiser, so that designated initialisers may leave any of them out.
struct Input {
  std::string name{};
  // "MODEL", "INT", "FLOAT", "STRING", "BOOLEAN", kCombo, ...; of a hidden input "PROMPT", ...
  std::string type{};
  // What stands beside the type: default, min, max, step, round, multiline, tooltip, advanced...
  // Absent for a bare socket. The entries of a COMBO are not here but in `choices`.
  std::optional<Json> options{};
  Section section = Section::required;
  Choices choices{};          // only of a COMBO
  bool open_choices = false;  // the list is a suggestion: NodeDef::check judges the value
  // Of a member of another input (graph/dynamic.h): that input's name, and with which of its values
  // the member is there; none: always.
  std::string parent{};
  std::vector<std::string> when{};

  // True if the value is normally typed by the user rather than linked from another node.
  [[nodiscard]] bool is_widget() const;
  // The option of that name, or nullptr.
  [[nodiscard]] const Json* option(std::string_view key) const;
};

struct Output {
  std::string type{};
  std::string name{};    // empty: the type
  bool is_list = false;  // the value is a List, and the nodes behind it run once for every entry
  std::string tooltip{};
};

// ComfyUI prints nodes of its two generations differently in /object_info: `classic` ones (classes
// of nodes.py) and `schema` ones. Meaning and execution are the same.
enum class NodeStyle { classic, schema };

struct NodeDef {
  std::string id{};            // class_type of the workflow, e.g. "KSampler"
  std::string display_name{};  // empty: the id (classic) or null (schema)
  std::string category{};
  std::string description{};
  std::vector<Input> inputs{};  // in the order of the widgets; see `inputs()` below
  std::vector<Output> outputs{};
  NodeStyle style = NodeStyle::classic;
  bool output_node = false;    // has an effect outside the graph, so a prompt runs it unasked
  bool is_input_list = false;  // takes whole Lists instead of being run once for every entry
  bool deprecated = false;
  bool experimental = false;
  bool cacheable = true;  // false: runs again every time, and so does what depends on it
  // Only printed by /object_info. An absent module is "nodes" (classic) or null (schema).
  std::optional<std::string> python_module{};
  std::optional<std::string> essentials_category{};

  // Does the work. Throws Error; the executor adds which node it was.
  std::function<NodeResult(const NodeCall&)> run{};
  // Optional: looks at the literal inputs (linked values are not there yet) and throws
  // Error{bad_input} with a sentence about what is wrong; called during validation.
  std::function<void(const NodeCall&)> check{};
  // Optional: a token that changes when the outside world changes what `run` would return, e.g. the
  // modification time of a file. It sees the literal inputs only and may throw like `run`.
  std::function<std::string(const NodeCall&)> fingerprint{};

  [[nodiscard]] const Input* find_input(std::string_view name) const;
};

// A socket that only takes a link. A tip makes an options object (ComfyUI prints ["MODEL", {...}]
// instead of ["MODEL"] for classic nodes that have one).
[[nodiscard]] Input socket(std::string name, std::string type, std::string_view tip = {});
// A socket or widget with options as /object_info prints them.
[[nodiscard]] Input input(std::string name, std::string type, Json options);
// One of a fixed list of names; the first is the default. `options` as above, without the list.
[[nodiscard]] Input combo(std::string name, std::vector<std::string> entries,
                          std::optional<Json> options = std::nullopt);
// One of a list that is looked up each time, e.g. the files of a folder.
[[nodiscard]] Input combo(std::string name, Choices choices,
                          std::optional<Json> options = std::nullopt);
// The same input in the section of optional inputs.
[[nodiscard]] Input optional(Input input);
// An input that the program fills in: type "PROMPT", "EXTRA_PNGINFO" or "UNIQUE_ID".
[[nodiscard]] Input hidden(std::string name, std::string type);
// The same inputs, the one called `name` with a further option, e.g. ("seed",
// "control_after_generate", true). Throws Error{internal} if there is no such input.
[[nodiscard]] std::vector<Input> with_option(std::vector<Input> inputs, std::string_view name,
                                             const std::string& key, Json value);

// Lists of inputs are put together from single inputs and from widgets<Params>().
namespace detail {
inline void append(std::vector<Input>& all, Input one) { all.push_back(std::move(one)); }
inline void append(std::vector<Input>& all, std::vector<Input> more) {
  for (Input& one : more) all.push_back(std::move(one));
}
}  // namespace detail

template <class... Parts>
[[nodiscard]] std::vector<Input> inputs(Parts... parts) {
  std::vector<Input> all;
  (detail::append(all, std::move(parts)), ...);
  return all;
}

// The entries of a COMBO input right now.
[[nodiscard]] std::vector<std::string> choices_of(const Input& input, const ServicesRef& services);

}  // namespace sagitta::graph
