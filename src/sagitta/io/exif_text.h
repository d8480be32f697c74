// Texts in EXIF data, which is how JPEG and WebP pictures carry what PNGs carry in text chunks:
// "prompt" and "workflow" as texts "prompt:{...}" in any text tag (ComfyUI uses Model and Make),
// and "parameters" in the tag UserComment (as A1111 writes them).
#pragma once

#include "sagitta/io/png.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sagitta::io {

// The three texts, as far as they are there, as UTF-8. What is broken is passed over: the picture
// is good without.
[[nodiscard]] std::map<std::string, std::string> exif_texts(std::span<const std::byte> data);

// A TIFF structure with those of the texts that are called "prompt", "workflow" or "parameters",
// and fit into `limit` bytes; parameters come first, the workflow last. The names of the others go
// to left_out. Empty if there are none.
[[nodiscard]] std::vector<std::byte> make_exif(const PngText& texts, std::size_t limit,
                                               std::vector<std::string>& left_out);

}  // namespace sagitta::io
