// Runs a prompt: what the output nodes need, each node after its sources, nothing twice.
#pragma once

#include "sagitta/base/error.h"
#include "sagitta/graph/cache.h"
#include "sagitta/graph/prompt.h"
#include "sagitta/graph/registry.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sagitta::graph {

// An Error of `run` with the node where it happened; what() begins with the node's label.
class NodeError : public Error {
 public:
  NodeError(Fault fault, const PromptNode& node, const std::string& what);
  [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }
  [[nodiscard]] const std::string& class_type() const noexcept { return class_type_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }  // without the label

 private:
  std::string node_id_;
  std::string class_type_;
  std::string reason_;
};

// Who watches a run. Any of them may be empty. Called on the thread that runs.
struct Watcher {
  std::function<void(const PromptNode&)> on_node_start{};
  std::function<void(const PromptNode&, const Json& ui)> on_node_done{};
  std::function<void(const PromptNode&, const Json& ui)> on_cached{};
  std::function<void(const PromptNode&, const Progress&)> on_progress{};
};

struct RunOptions {
  ServicesRef services{};
  // The nodes to run with all that they need; absent: all output nodes. A server passes
  // Validation::outputs to run what is sound of a prompt with issues.
  std::optional<std::vector<std::string>> outputs{};
  Json extra_pnginfo{};  // given to the nodes that ask for it, e.g. {"workflow": {...}}
  Watcher watcher{};
  const std::atomic<bool>* cancel = nullptr;
  // Whether results go into the cache. Else each value is let go of as soon as no node of this run
  // needs it any more, so that a text encoder makes room for the sampler, say.
  bool keep_results = true;
};

struct RunResult {
  Json ui = Json::object();  // {node id: what it shows}, of the nodes that show something
  std::vector<std::string> executed{};  // ids in the order in which they ran
  std::vector<std::string> cached{};
  // What the nodes put out that RunOptions::outputs names.
  std::map<std::string, std::shared_ptr<const CachedResult>> results{};
};

// Runs a validated prompt. Results are taken from the cache where the signature matches and, with
// keep_results, put there otherwise. Throws NodeError if a node fails and Error{cancelled} on
// request; results that are complete by then stay in the cache.
RunResult execute(const Prompt& prompt, const Registry& registry, Cache& cache,
                  const RunOptions& options = {});

}  // namespace sagitta::graph
