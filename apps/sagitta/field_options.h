// Flags of the command line from parameter structs that describe themselves: default, range and help
// are those of the node's widget.
#pragma once

#include "sagitta/base/error.h"
#include "sagitta/base/fields.h"

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::cli {

// Adds `flag` for the field of that name. Throws Error{internal} if there is none.
template <class Params>
CLI::Option* add_field_option(CLI::App& app, const std::string& flag, Params& params,
                              std::string_view name) {
  CLI::Option* option = nullptr;
  for_each_field(params, [&](const auto& f, auto& value) {
    if (f.name != name) return;
    using T = std::remove_cvref_t<decltype(value)>;
    option = app.add_option(flag, value, std::string(f.tip))->capture_default_str();
    // Whole numbers that are limited by their type alone have nothing to check, nor to show.
    if constexpr (std::is_same_v<T, std::string>) {
      if (!f.range.choices.empty()) {
        option->check(CLI::IsMember(
            std::vector<std::string>(f.range.choices.begin(), f.range.choices.end())));
      }
    } else if constexpr (!std::is_unsigned_v<T>) {
      option->check(CLI::Range(static_cast<T>(f.range.min), static_cast<T>(f.range.max)));
    }
  });
  require(option != nullptr, Fault::internal, "no parameter is called '{}'", name);
  return option;
}

}  // namespace sagitta::cli
