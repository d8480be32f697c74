#include "sagitta/graph/cache.h"

namespace sagitta::graph {

std::uint64_t Cache::number_of(const std::string& signature) {
  const auto [it, is_new] = entries_.try_emplace(signature, Entry{.number = next_});
  if (is_new) ++next_;
  it->second.used = true;
  return it->second.number;
}

std::shared_ptr<const CachedResult> Cache::find(std::uint64_t number) const {
  const auto it = results_.find(number);
  return it == results_.end() ? nullptr : it->second;
}

void Cache::store(std::uint64_t number, std::shared_ptr<const CachedResult> result) {
  results_[number] = std::move(result);
}

void Cache::drop_unused() {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.used) {
      it->second.used = false;
      ++it;
    } else {
      results_.erase(it->second.number);
      it = entries_.erase(it);
    }
  }
}

void Cache::clear() {
  entries_.clear();
  results_.clear();
}

}  // namespace sagitta::graph
