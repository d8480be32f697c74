// Names for the pictures that SaveImage has written.
#pragma once

#include <filesystem>
#include <vector>

namespace sagitta::cli {

// Moves the files to `place`: out.png for one, out_1.png, out_2.png... for more. Throws bad_file if
// that is impossible.
void give_name(std::vector<std::filesystem::path>& files, const std::filesystem::path& place);

}  // namespace sagitta::cli
