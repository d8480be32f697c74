// The names that the diffusers library gives to the tensors of a UNet, and back. Its layout groups blocks by
// level (down_blocks.1.resnets.0) where the single-file layout counts them (input_blocks.4.0), and
// calls the layers of residual blocks otherwise. Which block is which follows from the
// specification; there is no list of names.
#pragma once

#include "sagitta/models/spec.h"

#include <map>
#include <string>
#include <string_view>

namespace sagitta::models {

class DiffusersUnetNames {
 public:
  explicit DiffusersUnetNames(const UnetSpec& spec);

  // From "input_blocks.1.0.in_layers.2.weight" to "down_blocks.0.resnets.0.conv1.weight", also
  // without the last segments. Empty if the name is not one of a UNet of this specification.
  [[nodiscard]] std::string operator()(std::string_view single_file_name) const;
  // The way back, for names of tensors.
  [[nodiscard]] std::string single_file_name(std::string_view diffusers_name) const;

 private:
  struct Block {
    std::string name;
    bool residual = false;
  };
  std::map<std::string, Block, std::less<>> blocks_;            // by their single-file names
  std::map<std::string, std::string, std::less<>> single_file_;  // by the blocks' diffusers names
};

}  // namespace sagitta::models
