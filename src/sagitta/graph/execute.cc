#include "sagitta/graph/execute.h"

#include "sagitta/graph/check_inputs.h"
#include "sagitta/graph/dynamic.h"
#include "sagitta/graph/json_text.h"
#include "sagitta/graph/literal.h"
#include "sagitta/graph/order.h"

#include <algorithm>
#include <new>
#include <set>
#include <utility>

namespace sagitta::graph {
namespace {

// A node of this run with what is known of it before anything runs.
struct Planned {
  const PromptNode* node = nullptr;
  const NodeDef* def = nullptr;
  NodeCall call{};           // with everything but the linked values
  std::uint64_t number = 0;  // of its signature
};

// Whether values of the input's links are turned into JSON literals.
bool takes_literal(const Input& in) {
  return in.type == "INT" || in.type == "FLOAT" || in.type == "STRING" || in.type == "BOOLEAN" ||
         in.type == kCombo;
}

class Run {
 public:
  Run(const Prompt& prompt, const Registry& registry, Cache& cache, const RunOptions& options)
      : prompt_(prompt),
        registry_(registry),
        cache_(cache),
        options_(options),
        prompt_json_(to_json(prompt)) {}

  RunResult all() {
    const DependencyOrder order = dependency_order(prompt_);
    const NodeIds needed =
        needed_by(prompt_, options_.outputs ? *options_.outputs : output_nodes());
    for (const std::vector<std::string>& cycle : order.cycles) {
      require(!needed.contains(cycle.front()), Fault::bad_input, "{} depends on itself in a cycle",
              label(*prompt_.find(cycle.front())));
    }
    std::vector<Planned*> plan;
    for (const std::string& id : order.ids) {
      if (!needed.contains(id)) continue;
      const PromptNode& node = *prompt_.find(id);
      naming(node, [&] { plan.push_back(&this->plan(node)); });
    }
    count_uses(plan);
    for (Planned* const planned : plan) {
      naming(*planned->node, [&] { run_or_recall(*planned); });
    }
    if (options_.outputs) {
      for (const std::string& id : *options_.outputs) {
        result_.results[id] = results_[planned_[id].number];
      }
    }
    cache_.drop_unused();
    return std::move(result_);
  }

 private:
  std::vector<std::string> output_nodes() const {
    std::vector<std::string> ids;
    for (const PromptNode& node : prompt_.nodes()) {
      const NodeDef* const def = registry_.find(node.class_type);
      if (def != nullptr && def->output_node) ids.push_back(node.id);
    }
    return ids;
  }

  // Errors of `work` gain the node's name.
  template <class Work>
  static void naming(const PromptNode& node, const Work& work) {
    try {
      work();
    } catch (const NodeError&) {
      throw;
    } catch (const Error& error) {
      throw NodeError(error.fault(), node, error.what());
    } catch (const std::bad_alloc&) {
      throw NodeError(Fault::out_of_memory, node, "there is not enough memory");
    } catch (const std::exception& error) {
      throw NodeError(Fault::internal, node, error.what());
    }
  }

  // Its sources come before a node.
  Planned& plan(const PromptNode& node) {
    const NodeDef* const def = registry_.find(node.class_type);
    require(def != nullptr, Fault::bad_input, "there is no node type {}",
            in_quotes(node.class_type));
    Planned planned{.node = &node, .def = def, .call = literal_call(node, *def)};
    planned.number = cache_.number_of(signature(node, *def, planned.call));
    return planned_[node.id] = std::move(planned);
  }

  // Calls use(source, slot) for every link of the node that is looked at.
  template <class Use>
  void for_each_link(const Planned& planned, const Use& use) {
    for (const Input& in : planned.def->inputs) {
      const InputValue* const value = planned.node->find(in.name);
      const Link* const link = value == nullptr ? nullptr : std::get_if<Link>(value);
      if (link != nullptr && is_there(*planned.node, in)) use(in, source(*link), *link);
    }
  }

  void count_uses(const std::vector<Planned*>& plan) {
    for (const Planned* const planned : plan) {
      for_each_link(*planned, [&](const Input&, const Planned& from, const Link& link) {
        ++uses_[{from.number, static_cast<std::size_t>(link.slot)}];
      });
    }
    if (!options_.outputs) return;
    for (const std::string& id : *options_.outputs) wanted_.insert(planned_[id].number);
  }

  // Lets go of the values of a node that nobody will use any more.
  void release_unused(std::uint64_t number) {
    if (options_.keep_results || wanted_.contains(number)) return;
    CachedResult rest = *results_.at(number);
    for (std::size_t slot = 0; slot < rest.values.size(); ++slot) {
      if (uses_[{number, slot}] == 0) rest.values[slot].reset();
    }
    results_[number] = std::make_shared<const CachedResult>(std::move(rest));
  }

  void release_sources(const Planned& planned) {
    for_each_link(planned, [&](const Input&, const Planned& from, const Link& link) {
      if (--uses_[{from.number, static_cast<std::size_t>(link.slot)}] == 0)
        release_unused(from.number);
    });
  }

  // The result of a node with the same signature, of this run or an earlier one.
  [[nodiscard]] std::shared_ptr<const CachedResult> recall(const Planned& planned) const {
    if (const auto it = results_.find(planned.number); it != results_.end()) return it->second;
    return planned.def->cacheable ? cache_.find(planned.number) : nullptr;
  }

  void run_or_recall(Planned& planned) {
    require(options_.cancel == nullptr || !options_.cancel->load(std::memory_order_relaxed),
            Fault::cancelled, "cancelled");
    const PromptNode& node = *planned.node;
    std::shared_ptr<const CachedResult> result = recall(planned);
    const bool cached = result != nullptr;
    const Watcher& watcher = options_.watcher;
    if (cached) {
      result_.cached.push_back(node.id);
    } else {
      if (watcher.on_node_start) watcher.on_node_start(node);
      planned.call.cancel = options_.cancel;
      if (watcher.on_progress) {
        planned.call.on_progress = [&](const Progress& progress) {
          watcher.on_progress(node, progress);
        };
      }
      result = run_node(node, *planned.def, std::move(planned.call));
      if (options_.keep_results) cache_.store(planned.number, result);
      result_.executed.push_back(node.id);
    }
    if (!result->ui.is_null()) result_.ui[node.id] = result->ui;
    results_[planned.number] = result;
    const auto& done = cached ? watcher.on_cached : watcher.on_node_done;
    if (done) done(node, result->ui);
    result.reset();
    release_unused(planned.number);
    release_sources(planned);
  }

  // A call with everything but the linked values.
  NodeCall literal_call(const PromptNode& node, const NodeDef& def) const {
    NodeCall call{.node_id = node.id, .class_type = node.class_type, .services = options_.services};
    for (const Input& in : def.inputs) {
      if (!is_there(node, in)) continue;
      const InputValue* const value = node.find(in.name);
      const Json* literal = value == nullptr ? nullptr : std::get_if<Json>(value);
      if (value == nullptr && in.section == Section::optional) literal = in.option("default");
      if (literal == nullptr || (literal->is_null() && in.section == Section::optional)) continue;
      set_literal(call, in, *literal);
    }
    return call;
  }

  static void set_literal(NodeCall& call, const Input& in, const Json& value) {
    Literal literal = to_literal(value, in.type);
    require(literal.problem.empty(), Fault::bad_input, "input \"{}\": {}", in.name,
            literal.problem);
    if (const std::optional<Problem> problem = check_range(in, literal.value)) {
      throw Error(Fault::bad_input, fmt::format("input \"{}\": {}", in.name, problem->message));
    }
    call.literals[in.name] = std::move(literal.value);
  }

  std::string signature(const PromptNode& node, const NodeDef& def, const NodeCall& call) {
    // Nodes with an effect of their own are never taken for one another, nor are those that see
    // their id.
    const bool own = def.output_node || std::ranges::any_of(def.inputs, [](const Input& in) {
                       return in.type == "UNIQUE_ID";
                     });
    Json text = Json::array({def.id, own ? Json(node.id) : Json(), call.literals});
    for_each_link({.node = &node, .def = &def},
                  [&](const Input& in, const Planned& from, const Link& link) {
                    text.push_back(Json::array({in.name, from.number, link.slot}));
                  });
    if (def.fingerprint) text.push_back(def.fingerprint(call));
    if (!def.cacheable) text.push_back(cache_.fresh_number());
    return text.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  // Gathers the linked values and runs the node, once or once for every entry of its lists.
  std::shared_ptr<const CachedResult> run_node(const PromptNode& node, const NodeDef& def,
                                               NodeCall call) {
    std::map<std::string, const List*, std::less<>> lists;
    std::size_t times = 1;
    bool empty = false;
    for (const Input& in : def.inputs) {
      if (in.section == Section::hidden) {
        fill_hidden(call, in, node);
        continue;
      }
      if (!is_there(node, in)) continue;
      const InputValue* const input_value = node.find(in.name);
      const Link* const link = input_value == nullptr ? nullptr : std::get_if<Link>(input_value);
      if (link == nullptr) continue;
      const std::any& value =
          results_.at(source(*link).number)->values[static_cast<std::size_t>(link->slot)];
      const List* const list = std::any_cast<List>(&value);
      if (list != nullptr && !def.is_input_list) {
        lists[in.name] = list;
        empty = empty || list->empty();
        times = std::max(times, list->size());
      } else {
        set_linked(call, in, value);
      }
    }
    if (lists.empty()) return finish(def, def.run(call));
    return run_for_each(def, call, lists, empty ? 0 : times);
  }

  // What a link leads to; a prompt that was not validated may name nothing.
  const Planned& source(const Link& link) const {
    const auto it = planned_.find(link.node);
    require(it != planned_.end() && link.slot >= 0 &&
                std::cmp_less(link.slot, it->second.def->outputs.size()),
            Fault::bad_input, "there is no output {} of node {}", link.slot, in_quotes(link.node));
    return it->second;
  }

  static void set_linked(NodeCall& call, const Input& in, const std::any& value) {
    if (takes_literal(in)) {
      if (const std::optional<Json> json = literal_from(value)) {
        set_literal(call, in, *json);
        return;
      }
    }
    call.links[in.name] = value;
  }

  void fill_hidden(NodeCall& call, const Input& in, const PromptNode& node) const {
    if (in.type == "PROMPT") call.prompt = prompt_json_;
    if (in.type == "EXTRA_PNGINFO") call.extra_pnginfo = options_.extra_pnginfo;
    if (in.type == "UNIQUE_ID") call.literals[in.name] = node.id;
  }

  // ComfyUI's rule for lists: as many runs as the longest has entries, shorter ones repeat their
  // last.
  std::shared_ptr<const CachedResult> run_for_each(
      const NodeDef& def, NodeCall& call,
      const std::map<std::string, const List*, std::less<>>& lists, std::size_t times) const {
    auto all = std::make_shared<CachedResult>();
    std::vector<List> columns(def.outputs.size());
    for (std::size_t i = 0; i < times; ++i) {
      for (const auto& [name, list] : lists) {
        set_linked(call, *def.find_input(name), (*list)[std::min(i, list->size() - 1)]);
      }
      const std::shared_ptr<const CachedResult> one = finish(def, def.run(call));
      for (std::size_t slot = 0; slot < columns.size(); ++slot) {
        const List* const list = std::any_cast<List>(&one->values[slot]);
        if (list != nullptr) {
          columns[slot].insert(columns[slot].end(), list->begin(), list->end());
        } else {
          columns[slot].push_back(one->values[slot]);
        }
      }
      join_ui(all->ui, one->ui);
    }
    for (List& column : columns) all->values.emplace_back(std::move(column));
    return all;
  }

  // {"images": [a]} and {"images": [b]} make {"images": [a, b]}.
  static void join_ui(Json& all, const Json& one) {
    if (!one.is_object()) return;
    for (const auto& [key, value] : one.items()) {
      Json& joined = all[key];
      if (joined.is_array() && value.is_array()) {
        joined.insert(joined.end(), value.begin(), value.end());
      } else {
        joined = value;
      }
    }
  }

  static std::shared_ptr<const CachedResult> finish(const NodeDef& def, NodeResult result) {
    require(result.values.size() == def.outputs.size(), Fault::internal,
            "{} gave {} values for its {} outputs", def.id, result.values.size(),
            def.outputs.size());
    return std::make_shared<CachedResult>(
        CachedResult{std::move(result.values), std::move(result.ui)});
  }

  const Prompt& prompt_;
  const Registry& registry_;
  Cache& cache_;
  const RunOptions& options_;
  Json prompt_json_;
  std::map<std::string, Planned, std::less<>> planned_;                   // by the node's id
  std::map<std::uint64_t, std::shared_ptr<const CachedResult>> results_;  // by the number
  std::map<std::pair<std::uint64_t, std::size_t>, std::size_t> uses_;     // to come, of a slot
  std::set<std::uint64_t> wanted_;                                        // by the caller
  RunResult result_;
};

}  // namespace

NodeError::NodeError(Fault fault, const PromptNode& node, const std::string& what)
    : Error(fault, label(node) + ": " + what),
      node_id_(node.id),
      class_type_(node.class_type),
      reason_(what) {}

RunResult execute(const Prompt& prompt, const Registry& registry, Cache& cache,
                  const RunOptions& options) {
  return Run(prompt, registry, cache, options).all();
}

}  // namespace sagitta::graph
