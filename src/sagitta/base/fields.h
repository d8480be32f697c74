// Self-description of parameter structs: name, range and tooltip of every field, stated once.
// The default value is the member initialiser, so code, CLI and node graph cannot disagree.
#pragma once

#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace sagitta {

// Limits of a numeric field, or the values that a text may have (none: any text). `round` is the
// precision a FLOAT is rounded to in a node (0: not stated).
struct Range {
  double min = 0;
  double max = 1;
  double step = 1;
  double round = 0;
  std::span<const std::string_view> choices = {};
};

template <class Params, class T>
struct Field {
  std::string_view name;
  T Params::*member;
  Range range;
  std::string_view tip;
};

template <class Params, class T>
constexpr Field<Params, T> field(std::string_view name, T Params::*member, Range range = {},
                                 std::string_view tip = {}) {
  return {name, member, range, tip};
}

// Calls visit(field, value) for each field of params, in declaration order.
template <class Params, class Visit>
void for_each_field(Params& params, Visit&& visit) {
  std::apply([&](const auto&... f) { (visit(f, params.*(f.member)), ...); },
             std::remove_const_t<Params>::fields());
}

}  // namespace sagitta
