// Prompts in A1111's spelling and in ComfyUI's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::graph {

// <lora:name:0.8>, or <lora:name:0.8:0.6> with the text encoder's strength first.
struct LoraTag {
  std::string name{};
  double model = 1;
  double clip = 1;
};

struct ReadPrompt {
  std::string text{};  // without tags; [word] is (word:0.909), \[ is [
  std::vector<LoraTag> loras{};
  std::vector<std::string> notes{};  // what has no counterpart, each a sentence
};

[[nodiscard]] ReadPrompt prompt_from_a1111(std::string_view text);

// The other way; the names of embeddings stand by themselves there.
[[nodiscard]] std::string prompt_to_a1111(std::string_view text);

// Marks each whole word that is one of the names, in any case, as an embedding ("embedding:name").
[[nodiscard]] std::string mark_embeddings(std::string_view text,
                                          const std::vector<std::string>& names);

}  // namespace sagitta::graph
