// Params: a module names its weights once, by their path in the checkpoint. The same walk lists the
// expected keys, loads them, counts bytes and replaces single weights (LoRA).
#pragma once

#include "sagitta/core/weight.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta {

// A weight a module wants: the expected shape and use, and the packed values once loaded.
struct Param {
  Shape shape;
  WeightUse use = WeightUse::vector;
  Weight value;
};

// A table that is looked up on the host row by row (token and position embeddings).
struct Table {
  Shape shape;  // (rows, width)
  StoredTensor values;
};

class ParamVisitor {
 public:
  virtual ~ParamVisitor() = default;
  virtual void param(const std::string& path, Param& param) = 0;
  virtual void table(const std::string& path, Table& table) = 0;

  // Visits a child (a Param, a Table, or a module with params(ParamVisitor&)) under the current
  // path. An empty name adds no segment.
  template <class Child>
  void operator()(std::string_view name, Child& child) {
    const std::size_t parent = enter(name);
    if constexpr (requires { child.params(*this); }) {
      child.params(*this);
    } else if constexpr (std::is_same_v<Child, Param>) {
      param(path_, child);
    } else {
      table(path_, child);
    }
    path_.resize(parent);
  }

  // Visits the elements as children named by their index: name.0, name.1, ...
  template <class Child>
  void list(std::string_view name, std::vector<Child>& children) {
    const std::size_t parent = enter(name);
    for (std::size_t i = 0; i < children.size(); ++i) (*this)(std::to_string(i), children[i]);
    path_.resize(parent);
  }

 protected:
  explicit ParamVisitor(std::string prefix = {}) : path_(std::move(prefix)) {}

 private:
  std::size_t enter(std::string_view name);

  std::string path_;
};

}  // namespace sagitta
