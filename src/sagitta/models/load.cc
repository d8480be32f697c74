#include "sagitta/models/load.h"

#include "sagitta/base/error.h"

#include <utility>

namespace sagitta::models {
namespace {

Shape without_trailing_ones(Shape shape) {
  while (shape.size() > 1 && shape.back() == 1) shape.pop_back();
  return shape;
}

}  // namespace

StateDict with_prefix(const StateDict& tensors, std::string_view prefix) {
  StateDict part;
  for (auto it = tensors.lower_bound(prefix); it != tensors.end(); ++it) {
    if (!std::string_view(it->first).starts_with(prefix)) break;
    part.emplace_hint(part.end(), it->first.substr(prefix.size()), it->second);
  }
  return part;
}

LoadParams::LoadParams(Device* device, const StateDict& tensors, std::string part, Loaded loaded)
    : device_(device), tensors_(tensors), loaded_(std::move(loaded)) {
  report_.part = std::move(part);
}

const StoredTensor* LoadParams::find(const std::string& path, const Shape& expected) {
  const auto it = tensors_.find(path);
  if (it == tensors_.end()) {
    report_.missing.push_back(path);
    return nullptr;
  }
  if (without_trailing_ones(it->second.shape) != without_trailing_ones(expected)) {
    report_.wrong_shape.push_back({path, expected, it->second.shape});
    return nullptr;
  }
  ++report_.loaded;
  report_.stored_bytes += it->second.bytes();
  return &it->second;
}

void LoadParams::param(const std::string& path, Param& param) {
  const StoredTensor* found = find(path, param.shape);
  if (found == nullptr || device_ == nullptr) return;
  StoredTensor values = *found;
  values.shape = param.shape;
  param.value = load_weight(*device_, param.use, values);
  if (loaded_) loaded_(values);
}

void LoadParams::table(const std::string& path, Table& table) {
  const StoredTensor* found = find(path, table.shape);
  if (found != nullptr) table.values = *found;
}

void require_complete(const LoadReport& report, const std::string& file) {
  if (report.complete()) return;
  constexpr std::size_t kShown = 3;
  std::string details;
  for (std::size_t i = 0; i < report.missing.size() && i < kShown; ++i) {
    details += fmt::format("\n  missing: {}", report.missing[i]);
  }
  for (std::size_t i = 0; i < report.wrong_shape.size() && i < kShown; ++i) {
    const WrongShape& wrong = report.wrong_shape[i];
    details += fmt::format("\n  {}: shape {}, expected {}", wrong.key, to_string(wrong.found),
                           to_string(wrong.expected));
  }
  throw Error(Fault::bad_file,
              fmt::format("{}: the {} lacks {} tensors and {} have the wrong shape:{}", file,
                          report.part, report.missing.size(), report.wrong_shape.size(), details));
}

}  // namespace sagitta::models
