#include "sagitta/nn/params.h"

namespace sagitta {

std::size_t ParamVisitor::enter(std::string_view name) {
  const std::size_t parent = path_.size();
  if (name.empty()) return parent;
  if (parent != 0) path_ += '.';
  path_ += name;
  return parent;
}

}  // namespace sagitta
