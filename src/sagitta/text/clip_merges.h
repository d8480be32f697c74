// The merge list of the CLIP tokenizer, built into the program from data/clip_merges.txt.gz.
#pragma once

#include <span>
#include <string>

namespace sagitta::text {

// The gzip archive. This function is in a source file that the build generates.
[[nodiscard]] std::span<const unsigned char> clip_merges_gzip();

// The unpacked list: a "#version" line and 48,894 lines "left right", in order of rank.
[[nodiscard]] std::string clip_merges();

}  // namespace sagitta::text
