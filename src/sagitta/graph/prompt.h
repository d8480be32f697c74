// A prompt: the nodes to run with their literals and links, as in ComfyUI's API format
//   {"3": {"class_type": "KSampler", "inputs": {"seed": 5, "model": ["4", 0]}, "_meta": {"title":
//   ".."}}}.
#pragma once

#include "sagitta/base/json.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sagitta::graph {

inline constexpr std::size_t kMaxNodes = 10'000;
inline constexpr std::size_t kMaxNameBytes = 500;    // of an id or class_type
inline constexpr std::size_t kMaxTitleBytes = 1000;  // longer titles are cut

// Output number `slot` of a node.
struct Link {
  std::string node{};
  std::int64_t slot = 0;
  auto operator<=>(const Link&) const = default;
};

using InputValue = std::variant<Json, Link>;

struct PromptNode {
  std::string id{};
  std::string class_type{};
  std::string title{};  // may be empty
  std::vector<std::pair<std::string, InputValue>> inputs{};

  [[nodiscard]] const InputValue* find(std::string_view input) const;
  void set(std::string_view input, InputValue value);
};

class Prompt {
 public:
  // Throws Error{bad_input} for a second node of one id and beyond kMaxNodes nodes.
  PromptNode& add(PromptNode node);

  [[nodiscard]] const std::vector<PromptNode>& nodes() const { return nodes_; }
  [[nodiscard]] bool contains(std::string_view id) const { return index_.contains(id); }
  [[nodiscard]] const PromptNode* find(std::string_view id) const;
  [[nodiscard]] PromptNode* find(std::string_view id);

 private:
  std::vector<PromptNode> nodes_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

// A list of two, text and whole number, is a link whatever it is meant for: ComfyUI's rule.
[[nodiscard]] std::optional<Link> as_link(const Json& value);

// Throws Error{bad_input} if one is longer than kMaxNameBytes.
void require_short_names(std::string_view id, std::string_view class_type);

// How messages call a node: node 3 "my sampler" (KSampler).
[[nodiscard]] std::string label(const PromptNode& node);

// From and to the API format. Parsing throws Error{bad_input} if the JSON does not have that form;
// whether the nodes exist and their inputs make sense is for validate() to say.
[[nodiscard]] Prompt parse_prompt(const Json& api);
[[nodiscard]] Json to_json(const Prompt& prompt);

}  // namespace sagitta::graph
