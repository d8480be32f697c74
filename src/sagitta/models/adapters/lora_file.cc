#include "sagitta/models/adapters/lora_file.h"

#include "sagitta/base/error.h"

#include <string_view>
#include <utility>

namespace sagitta::models {
namespace {

struct Suffix {
  std::string_view text;
  LoraPart part;
};

// The first row of a part is the name of the part. No suffix is the end of another one.
constexpr Suffix kSuffixes[] = {
    {".lora_up.weight", LoraPart::up},
    {".lora_down.weight", LoraPart::down},
    {".lora_mid.weight", LoraPart::mid},
    {"_lora.up.weight", LoraPart::up},
    {"_lora.down.weight", LoraPart::down},
    {".lora.up.weight", LoraPart::up},
    {".lora.down.weight", LoraPart::down},
    {".lora_linear_layer.up.weight", LoraPart::up},
    {".lora_linear_layer.down.weight", LoraPart::down},
    {".lora_B.weight", LoraPart::up},
    {".lora_A.weight", LoraPart::down},
    {".lora_B.default.weight", LoraPart::up},
    {".lora_A.default.weight", LoraPart::down},
    {".lora_B", LoraPart::up},
    {".lora_A", LoraPart::down},
    {".alpha", LoraPart::alpha},
    {".dora_scale", LoraPart::dora_scale},
    {".hada_w1_a", LoraPart::hada_w1_a},
    {".hada_w1_b", LoraPart::hada_w1_b},
    {".hada_w2_a", LoraPart::hada_w2_a},
    {".hada_w2_b", LoraPart::hada_w2_b},
    {".hada_t1", LoraPart::hada_t1},
    {".hada_t2", LoraPart::hada_t2},
    {".lokr_w1", LoraPart::lokr_w1},
    {".lokr_w1_a", LoraPart::lokr_w1_a},
    {".lokr_w1_b", LoraPart::lokr_w1_b},
    {".lokr_w2", LoraPart::lokr_w2},
    {".lokr_w2_a", LoraPart::lokr_w2_a},
    {".lokr_w2_b", LoraPart::lokr_w2_b},
    {".lokr_t2", LoraPart::lokr_t2},
    {".diff", LoraPart::diff},
    {".diff_b", LoraPart::diff_bias},
    {".set_weight", LoraPart::set_weight},
    {".w_norm", LoraPart::norm_diff},
    {".b_norm", LoraPart::norm_bias_diff},
};

const Suffix* suffix_of(std::string_view tensor) {
  for (const Suffix& suffix : kSuffixes) {
    if (tensor.ends_with(suffix.text)) return &suffix;
  }
  return nullptr;
}

}  // namespace

std::string_view name_of(LoraPart part) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.part == part) return suffix.text.substr(1, suffix.text.find('.', 1) - 1);
  }
  return {};
}

Lora read_lora(const StateDict& tensors, std::string name) {
  Lora lora{.name = std::move(name), .modules = {}, .unknown = {}};
  for (const auto& [tensor, values] : tensors) {
    const Suffix* suffix = suffix_of(tensor);
    if (suffix == nullptr) {
      lora.unknown.push_back(tensor);
    } else {
      lora.modules[tensor.substr(0, tensor.size() - suffix->text.size())][suffix->part] = values;
    }
  }
  require(!lora.modules.empty(), Fault::bad_file,
          "{}: no adapter: none of its {} tensors is named like a part of one, such as "
          "'.lora_up.weight'",
          lora.name, tensors.size());
  return lora;
}

}  // namespace sagitta::models
