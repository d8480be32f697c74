// The boxes and links of one drawing (the main one or a subgraph definition), read from JSON and
// checked.
#pragma once

#include "sagitta/base/json.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sagitta::graph {

struct UiInput {
  std::string name{};
  std::string type{};
  std::optional<std::string> link{};  // id
  bool is_widget = false;
};

struct UiNode {
  std::string id{};
  std::string type{};
  std::string title{};
  std::int64_t mode = 0;
  std::vector<UiInput> inputs{};
  std::vector<std::string> output_types{};
  Json widgets_values{};  // a list, an object or null
  // Of an instance of a subgraph in some versions: which widgets its values belong to, as (id of
  // the node inside, name); the id -1 means an input of the instance.
  std::vector<std::pair<std::string, std::string>> promoted{};

  [[nodiscard]] bool muted() const { return mode == 2; }
  [[nodiscard]] bool bypassed() const { return mode == 4; }
  [[nodiscard]] std::string label() const;
};

struct UiLink {
  std::string from{};
  std::int64_t from_slot = 0;
  std::string to{};
  std::int64_t to_slot = 0;
};

// Inside a subgraph, links from and to the outside have these ids in place of a node's.
inline constexpr std::string_view kSubgraphInputs = "-10";
inline constexpr std::string_view kSubgraphOutputs = "-20";

struct UiGraph {
  std::vector<UiNode> nodes{};
  std::map<std::string, std::size_t, std::less<>> index{};  // of nodes, by id
  std::map<std::string, UiLink, std::less<>> links{};       // by id
  std::map<std::int64_t, UiLink> output_links{};            // of a subgraph, by slot
  std::vector<std::string> input_names{};                   // of a subgraph, in order of the slots

  [[nodiscard]] const UiNode* find(std::string_view id) const;
  // The link that ends in an output slot of the subgraph, or nullptr.
  [[nodiscard]] const UiLink* output_link(std::int64_t slot) const;
};

// Throws Error{bad_input} that names the node and the member in question.
[[nodiscard]] UiGraph read_ui_graph(const Json& json);
// Subgraph definitions by the node type that stands for them.
[[nodiscard]] std::map<std::string, UiGraph, std::less<>> read_subgraphs(const Json& json);

}  // namespace sagitta::graph
