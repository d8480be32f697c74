// What a running node sees of the world (NodeCall) and what it gives back (NodeResult).
#pragma once

#include "sagitta/base/error.h"
#include "sagitta/base/json.h"

#include <any>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace sagitta::graph {

// A reference to the object with which the program serves its nodes (device, folders...). The graph
// only passes it on; the layer of the nodes defines its type. The object must outlive the
// reference.
class ServicesRef {
 public:
  ServicesRef() = default;
  template <class Services>
  [[nodiscard]] static ServicesRef to(Services& services) {
    ServicesRef ref;
    ref.pointer_ = &services;
    return ref;
  }
  // Throws Error{internal} if the program gave no services or another type of them.
  template <class Services>
  [[nodiscard]] Services& get() const {
    Services* const* const pointer = std::any_cast<Services*>(&pointer_);
    require(pointer != nullptr, Fault::internal,
            "the nodes' services have another type than asked for");
    return **pointer;
  }
  [[nodiscard]] bool empty() const { return !pointer_.has_value(); }

 private:
  std::any pointer_;
};

// Several values where one is usual: the value of an output marked is_list, and what nodes with
// is_input_list receive.
using List = std::vector<std::any>;

// How far a node is: `value` of `max` steps done. `preview` may carry a picture for whoever
// watches.
struct Progress {
  std::int64_t value = 0;
  std::int64_t max = 0;
  std::any preview{};
};

struct NodeResult {
  std::vector<std::any> values{};  // one per output of the node
  Json ui{};  // what an output node shows, e.g. {"images": [{"filename", "subfolder", "type"}]}, or
              // null
};

// The inputs of one run of one node. Inputs of the types INT, FLOAT, STRING, BOOLEAN and COMBO are
// in `literals`, converted to the JSON type of the input, also when they came over a link; the
// values of all other links are in `links`. Absent optional inputs without a default are in
// neither.
struct NodeCall {
  std::string node_id{};
  std::string class_type{};
  Json literals = Json::object();
  std::map<std::string, std::any, std::less<>> links{};
  ServicesRef services{};
  Json prompt{};         // the whole prompt in API form, for pictures that carry their workflow
  Json extra_pnginfo{};  // e.g. {"workflow": {...}}, or null
  std::function<void(const Progress&)> on_progress{};
  const std::atomic<bool>* cancel = nullptr;

  [[nodiscard]] bool has(std::string_view name) const;

  // The linked value; throws Error{bad_input} if it is missing or of another type.
  template <class T>
  [[nodiscard]] const T& get(std::string_view name) const {
    const T* const value = find<T>(name);
    require(value != nullptr, Fault::bad_input, "input \"{}\" is missing", name);
    return *value;
  }
  // The linked value or nullptr if the input is absent; throws Error{bad_input} for another type.
  template <class T>
  [[nodiscard]] const T* find(std::string_view name) const {
    const std::any* const value = find_any(name);
    if (value == nullptr) return nullptr;
    const T* const typed = std::any_cast<T>(value);
    if (typed == nullptr) throw_wrong_type(name, value->type(), typeid(T));
    return typed;
  }
  // The linked value whatever its type, or nullptr.
  [[nodiscard]] const std::any* find_any(std::string_view name) const;

  // Literal values. Each throws Error{bad_input} if the input is missing or of another kind.
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] std::uint64_t seed(std::string_view name) const;  // 0 .. 2^64-1
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] const std::string& text(std::string_view name) const;  // STRING and COMBO

  // Tells the watcher, if there is one, and throws Error{cancelled} if the user asked to stop.
  void progress(std::int64_t value, std::int64_t max, std::any preview = {}) const;
  [[nodiscard]] bool cancelled() const;
  void throw_if_cancelled() const;

 private:
  [[nodiscard]] const Json& literal(std::string_view name, std::string_view expected) const;
  [[noreturn]] static void throw_wrong_type(std::string_view name, const std::type_info& is,
                                            const std::type_info& expected);
};

}  // namespace sagitta::graph
