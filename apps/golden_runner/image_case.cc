#include "golden_runner/image_case.h"

#include "golden_runner/name_parts.h"

#include <algorithm>
#include <cmath>

namespace golden {
namespace {

using sagitta::Array;

const ImageOperation* find(std::span<const ImageOperation> operations, std::string_view name) {
  const auto it = std::ranges::find(operations, name_parts(name).front(), &ImageOperation::name);
  if (it == operations.end() || (it->named_after_input && it->name == name)) return nullptr;
  return &*it;
}

// A part of a name, "lanczos", that the header allows one level of 8 bits on few pixels.
bool may_miss_levels(const GoldenFile& file, std::span<const std::string_view> parts) {
  return std::ranges::find(parts, "lanczos") != parts.end() &&
         file.header("tolerance").find("one 8-bit level") != std::string::npos;
}

bool misses_few_levels(const Array& got, const Array& expected) {
  constexpr double kLevel = 1.001 / 255;
  constexpr double kEqual = 2e-5;
  constexpr std::size_t kFew = 100;  // one in so many
  if (got.shape() != expected.shape()) return false;
  std::size_t missed = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(got[i]) - expected[i]);
    if (!(difference <= kLevel)) return false;
    missed += difference > kEqual ? 1 : 0;
  }
  return missed * kFew <= got.size();
}

}  // namespace

bool has_operation(const GoldenFile& file, std::span<const ImageOperation> operations) {
  return std::ranges::any_of(
      file.tensors, [&](const auto& entry) { return find(operations, entry.first) != nullptr; });
}

void check_operations(const GoldenFile& file, Context& context,
                      std::span<const ImageOperation> operations, Report& report) {
  const Tolerances tolerances = file.tolerances();
  for (const auto& [name, tensor] : file.tensors) {
    const ImageOperation* operation = find(operations, name);
    if (operation == nullptr) {
      if (name.find('/') != std::string::npos)
        report.skip(name, "no operation of this name is known");
      continue;
    }
    report.attempt(name, [&, &key = name] {
      const ImageCase one{.file = file,
                          .context = context,
                          .name = key,
                          .parts = name_parts(key),
                          .expected = file.array(key)};
      const Array got = operation->run(one);
      if (may_miss_levels(file, one.parts) && misses_few_levels(got, one.expected)) {
        report.check_that(key, true);
      } else {
        report.check(key, got, one.expected, tolerances.of(operation->tolerance));
      }
    });
  }
}

}  // namespace golden
