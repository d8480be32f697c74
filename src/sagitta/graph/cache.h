// Results of earlier runs, found by what went into them.
#pragma once

#include "sagitta/graph/call.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sagitta::graph {

// What a node put out, kept from run to run. Every slot holds one value, or a List if the output is
// one.
struct CachedResult {
  std::vector<std::any> values{};
  Json ui{};
};

// A map from signatures to results. A signature is the class of a node, its literals, and the
// numbers of the signatures of the nodes it links to: everything that the result depends on. It
// survives from run to run, but entries that a successful run did not use are dropped at its end.
// Not for use by two runs at once.
class Cache {
 public:
  // The number that stands for a signature; equal signatures have equal numbers. The entry counts
  // as used by the present run.
  [[nodiscard]] std::uint64_t number_of(const std::string& signature);
  // The result stored under a number, or nullptr.
  [[nodiscard]] std::shared_ptr<const CachedResult> find(std::uint64_t number) const;
  void store(std::uint64_t number, std::shared_ptr<const CachedResult> result);
  // Forgets the entries whose number was not asked for since the last call.
  void drop_unused();
  void clear();
  [[nodiscard]] std::size_t size() const { return results_.size(); }
  // A number that never comes again, for signatures that must not be found again.
  [[nodiscard]] std::uint64_t fresh_number() { return next_++; }

 private:
  struct Entry {
    std::uint64_t number = 0;
    bool used = true;
  };
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<std::uint64_t, std::shared_ptr<const CachedResult>> results_;
  std::uint64_t next_ = 1;
};

}  // namespace sagitta::graph
