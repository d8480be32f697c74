// Folders of models and pictures as ComfyUI lays them out, and safe ways from names to files.
#pragma once

#include "sagitta/nodes/services.h"

#include <string>
#include <string_view>
#include <vector>

namespace sagitta::nodes {

// Files below models_dir/kind/ (and unet/, clip/, the older names of two kinds) with one of the endings, as sorted relative paths with '/'.
[[nodiscard]] std::vector<std::string> list_models(const Services& services, std::string_view kind,
                                                   const std::vector<std::string>& endings = {
                                                       ".safetensors"});

// The file of a listed name, or of a path to an existing file. Throws bad_input naming kind, name
// and the folders that were searched.
[[nodiscard]] std::filesystem::path find_model(const Services& services, std::string_view kind,
                                               const std::string& name);

// Pictures in the input and in the output folder.
[[nodiscard]] std::vector<std::string> list_inputs(const Services& services);
[[nodiscard]] std::vector<std::string> list_outputs(const Services& services);

// The file of an input (an output) picture, or of a path to an existing file; bad_input otherwise. A
// name that ends in " [input]", " [output]" or " [temp]" says itself in which folder to look.
[[nodiscard]] std::filesystem::path find_input(const Services& services, const std::string& name);
[[nodiscard]] std::filesystem::path find_output(const Services& services, const std::string& name);

// Where the next picture of a prefix goes: folder/name_00001_.png, counting on from what is there.
// The prefix may name a subfolder, %width%, %height% and %year%, %month%, %day%, %hour%, %minute%,
// %second%. Throws bad_input for a prefix that leads out of the folder.
struct SavePlace {
  std::filesystem::path folder;
  std::string subfolder;  // relative to root, with '/', or ""
  std::string name;       // without counter
  int counter = 1;

  [[nodiscard]] std::string file_name(int index, std::string_view ending = ".png") const;
};
[[nodiscard]] SavePlace save_place(const std::filesystem::path& root, const std::string& prefix,
                                   std::int64_t width, std::int64_t height);

// Throws bad_input unless files can be made in the folder, or in the nearest one above it that there
// is: a picture should not be lost after minutes of sampling.
void require_writable(const std::filesystem::path& root);

// A token that changes when the file does: size and modification time.
[[nodiscard]] std::string file_token(const std::filesystem::path& path);

}  // namespace sagitta::nodes
