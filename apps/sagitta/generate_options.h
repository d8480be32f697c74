// The options that say which picture is made: flags of `sagitta generate` and axes of `sagitta
// compare`. An option that is added here is both.
#pragma once

#include "generate_graph.h"
#include "sagitta/nodes/services.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace sagitta::cli {

// A Generation as it is written on the command line.
struct GenerateSettings {
  Generation generation;
  std::string size;                // WxH; empty: the model's own
  std::vector<std::string> loras;  // FILE or FILE:STRENGTH
  double lora_strength = 1;        // of those that state none
};

void add_generation_options(CLI::App& app, GenerateSettings& settings);

// Whether the user has set the parameter of that name, such as "steps".
using IsGiven = std::function<bool(std::string_view name)>;

// Fills in what the user left open: the embedded model and what suits it, or the size that suits
// the model. Throws bad_input for a size that is none.
[[nodiscard]] Generation resolve(const GenerateSettings& settings, const IsGiven& is_given,
                                 const nodes::Services& services);

// Throws bad_input for flags that were given and cannot do anything: those of SAG without --sag, a
// strength of LoRAs without any.
void require_use(const GenerateSettings& settings, const IsGiven& is_given);

// Settings that are read and changed by the names of their flags, without dashes.
class NamedSettings {
 public:
  explicit NamedSettings(GenerateSettings settings);
  NamedSettings(NamedSettings&&) noexcept;
  NamedSettings& operator=(NamedSettings&&) noexcept;
  ~NamedSettings();

  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool contains(const std::string& name) const;
  [[nodiscard]] bool is_number(const std::string& name) const;
  // As text; empty for what is not set.
  [[nodiscard]] std::string get(const std::string& name) const;
  // With the flag's own checks; throws bad_input for a value that the flag would refuse.
  void set(const std::string& name, const std::string& value);
  [[nodiscard]] const GenerateSettings& settings() const { return *settings_; }

 private:
  std::unique_ptr<GenerateSettings> settings_;  // its place is known to the options
  std::unique_ptr<CLI::App> app_;
};

}  // namespace sagitta::cli
