// What all cases of a run share: the device, opened when a case first needs it, and things that are
// slow to load, such as models.
#pragma once

#include "golden_runner/case.h"
#include "sagitta/core/device.h"

#include <any>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace golden {

struct ContextOptions {
  std::filesystem::path root;  // of the data; models are named relative to it
  std::string device = "cpu";
  std::string dtype = "f32";  // "auto", "f32" or "bf16"
};

class Context {
 public:
  explicit Context(ContextOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const std::filesystem::path& root() const { return options_.root; }
  // Opened at the first call; throws what open_device throws.
  [[nodiscard]] sagitta::Device& device();
  // The file that the header's "model" names. Throws bad_file if there is none.
  [[nodiscard]] std::filesystem::path model_path(const GoldenFile& file) const;

  // The value made at the first call with this key. T is fixed by the maker's result, and one key
  // must always be used with the same type: put the type's name into it ("checkpoint:" + path).
  template <class Make>
  [[nodiscard]] auto& cached(const std::string& key, Make make) {
    using T = decltype(make());
    auto it = cache_.find(key);
    if (it == cache_.end()) {
      it = cache_.emplace(key, std::make_shared<T>(make())).first;
    }
    return *std::any_cast<std::shared_ptr<T>&>(it->second);
  }

 private:
  ContextOptions options_;
  std::unique_ptr<sagitta::Device> device_;
  // Behind the device, so that what lives on it goes first.
  std::map<std::string, std::any> cache_;
};

}  // namespace golden
