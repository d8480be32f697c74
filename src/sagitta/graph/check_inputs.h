// The part of validation that looks at one node: are its inputs there, of the right type and in
// range?
#pragma once

#include "sagitta/graph/validate.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sagitta::graph {

// The type of an input that stands for any number of inputs "name.a", "name.b"..., which the node
// lists as well. It has no value of its own.
inline constexpr std::string_view kAutogrow = "COMFY_AUTOGROW_V3";
// Whether the input is one of those that grow from another.
[[nodiscard]] bool is_grown(const NodeDef& node, const Input& in);

// What is wrong with a value; an Issue that does not know its node yet.
struct Problem {
  std::string type{};
  std::string message{};
  std::string details{};
};

// Whether an output of one type may feed an input of another. Types may be lists like "IMAGE,MASK",
// of which one common entry is enough; "*" matches everything.
[[nodiscard]] bool types_match(std::string_view out, std::string_view in);

// Checks a literal of the right JSON kind (see to_literal) against min and max of the input.
[[nodiscard]] std::optional<Problem> check_range(const Input& in, const Json& literal);

// Checks the inputs of nodes of one prompt. Keeps the entries of COMBOs, so that a folder is listed
// once.
class InputChecker {
 public:
  InputChecker(const Prompt& prompt, const Registry& registry, const ServicesRef& services)
      : prompt_(prompt), registry_(registry), services_(services) {}

  // Adds what is wrong with the node, whose definition is `def`, to `issues`.
  void check(const PromptNode& node, const NodeDef& def, std::vector<Issue>& issues);

 private:
  std::optional<Problem> check_value(const PromptNode& node, const Input& in, Json& literals,
                                     Json& extra_info);
  std::optional<Problem> check_link(const Input& in, const Link& link, Json& extra_info);
  std::optional<Problem> check_literal(const Input& in, const Json& value, Json& literals);
  // The type of an output itself, and, if it is "*" from the node's one input "*", what feeds that.
  std::optional<Link> passed_on(const Link& link, std::string& type) const;
  // The type of an output; of a pass-through node ("*" to "*") that of what it passes on.
  std::string type_of(Link link);
  const std::vector<std::string>& entries(const Input& in);

  const Prompt& prompt_;
  const Registry& registry_;
  const ServicesRef& services_;
  std::map<const Input*, std::vector<std::string>> entries_;
  std::map<Link, std::string> types_;  // of outputs asked for before
};

}  // namespace sagitta::graph
