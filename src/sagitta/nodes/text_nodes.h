// The nodes that work on texts, and what they share.
#pragma once

#include "sagitta/graph/node.h"
#include "sagitta/nodes/inputs.h"

#include <string>
#include <utility>
#include <vector>

namespace sagitta::nodes {

[[nodiscard]] std::vector<graph::NodeDef> text_nodes();          // texts cut, joined, compared
[[nodiscard]] std::vector<graph::NodeDef> text_pattern_nodes();  // regular expressions, formats

// Texts that grow beyond are refused, so that a few nodes cannot double one until memory ends.
inline constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;

inline void require_text_size(const std::string& text) {
  require(text.size() <= kMaxTextBytes, Fault::bad_input, "the text would have more than {} bytes",
          kMaxTextBytes);
}

[[nodiscard]] inline graph::Input multiline(std::string name) {
  return graph::input(std::move(name), "STRING", {{"multiline", true}});
}

// A node of the category "text" with one output, which the function computes.
template <class Run>
[[nodiscard]] graph::NodeDef text_node(std::string id, std::string display_name,
                                       std::string description, std::vector<graph::Input> inputs,
                                       graph::Output output, Run run) {
  return {.id = std::move(id),
          .display_name = std::move(display_name),
          .category = "text",
          .description = std::move(description),
          .inputs = std::move(inputs),
          .outputs = {std::move(output)},
          .style = graph::NodeStyle::schema,
          .run = [run](const graph::NodeCall& call) -> graph::NodeResult {
            auto value = run(call);
            if constexpr (std::is_same_v<decltype(value), std::string>) require_text_size(value);
            return {.values = {std::move(value)}};
          }};
}

}  // namespace sagitta::nodes
