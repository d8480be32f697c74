// RunScratch: what a hook remembers during one sampling run. It belongs to the run and is handed to
// the hooks, which keep no state of their own; so two runs can share one Model at the same time.
#pragma once

#include "sagitta/base/rng.h"

#include <any>
#include <map>
#include <memory>

namespace sagitta {

// The identity of a hook: made once when a method patches a model, captured by its functions.
using HookId = std::shared_ptr<const char>;
[[nodiscard]] inline HookId make_hook_id() { return std::make_shared<const char>('\0'); }

class RunScratch {
 public:
  // For hooks that draw random numbers. A run sets it to where its initial noise left the generator.
  [[nodiscard]] TorchRng& rng() { return rng_; }

  // This hook's state of type T, default-constructed at first use in the run.
  template <class T>
  T& get(const HookId& hook) {
    std::any& slot = slots_[hook];
    if (!slot.has_value()) slot.emplace<T>();
    return std::any_cast<T&>(slot);
  }

  // Which of the run's guided predictions is being made, from 1.
  int prediction = 0;

 private:
  TorchRng rng_{0};
  std::map<HookId, std::any> slots_;
};

}  // namespace sagitta
