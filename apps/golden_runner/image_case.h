// What the kinds of images/ share: a table of operations, by the first part of a tensor's name.
#pragma once

#include "golden_runner/kinds.h"
#include "golden_runner/node_call.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace golden {

// One expected tensor: "composite/add/x9_y5" has the parts composite, add, x9_y5.
struct ImageCase {
  const GoldenFile& file;
  Context& context;
  std::string name;
  std::vector<std::string_view> parts;
  sagitta::Array expected;

  // The last part, where the numbers are.
  [[nodiscard]] std::string_view last() const { return parts.back(); }
  [[nodiscard]] sagitta::Array input(std::string_view tensor) const { return file.array(tensor); }
  // An output of a node.
  [[nodiscard]] sagitta::Array node(const std::string& id, const sagitta::Json& literals,
                                    Links links, std::size_t output = 0) const {
    return run_node_for<sagitta::Array>(context, id, literals, std::move(links), output);
  }
};

struct ImageOperation {
  std::string_view name;  // the first part
  sagitta::Array (*run)(const ImageCase& one);
  std::string_view tolerance = "";  // the clause of the header's text that is meant
  bool named_after_input = false;   // the name alone is what the results are made from
};

// Whether the file holds a result of one of them.
[[nodiscard]] bool has_operation(const GoldenFile& file,
                                 std::span<const ImageOperation> operations);

// Compares every result; names with more than one part that no operation is for are skipped by
// name.
void check_operations(const GoldenFile& file, Context& context,
                      std::span<const ImageOperation> operations, Report& report);

}  // namespace golden
