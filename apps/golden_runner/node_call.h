// Runs single nodes the way the executor does, for cases that hold what a node returns.
#pragma once

#include "golden_runner/context.h"
#include "sagitta/base/json.h"

#include <any>
#include <map>
#include <string>
#include <vector>

namespace golden {

using Links = std::map<std::string, std::any, std::less<>>;

// The outputs of the node `id`. Widgets that `literals` does not name have their defaults. Throws
// unsupported if there is no such node, and what the node throws.
[[nodiscard]] std::vector<std::any> run_node(Context& context, const std::string& id,
                                             const sagitta::Json& literals, Links links);

// One output of that type; throws internal for another type.
template <class T>
[[nodiscard]] T run_node_for(Context& context, const std::string& id, const sagitta::Json& literals,
                             Links links, std::size_t output = 0) {
  const std::vector<std::any> values = run_node(context, id, literals, std::move(links));
  const T* value = output < values.size() ? std::any_cast<T>(&values[output]) : nullptr;
  sagitta::require(value != nullptr, sagitta::Fault::internal,
                   "output {} of {} is not of the type that the case expects", output, id);
  return *value;
}

}  // namespace golden
