// Names for the pictures that SaveImage has written.
#pragma once

#include "sagitta/io/picture_write.h"

#include <filesystem>
#include <vector>

namespace sagitta::cli {

// The format that the ending of a name asks for; bad_input for other endings.
[[nodiscard]] io::PictureFormat picture_format(const std::filesystem::path& place);

// Takes the texts out of those of the files that are PNGs. Throws bad_file for files that are
// broken or not writable.
void remove_texts(const std::vector<std::filesystem::path>& files);

// Moves the PNG files to `place`: out.png for one, out_1.png, out_2.png... for more; if the name
// asks for another format, they are turned into it with the texts they carry. Throws bad_file if
// that is impossible.
void give_name(std::vector<std::filesystem::path>& files, const std::filesystem::path& place);

}  // namespace sagitta::cli
