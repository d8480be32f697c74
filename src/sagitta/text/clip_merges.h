// The merge list of the CLIP tokenizer, built into the program from data/clip_merges.txt.gz.
#pragma once

#include <cstddef>
#include <string>

namespace sagitta::text {

// The gzip archive; the array is in a source file that the build generates.
extern const unsigned char kClipMergesGzip[];
extern const std::size_t kClipMergesGzipSize;

// The unpacked list: a "#version" line and 48,894 lines "left right", in order of rank.
[[nodiscard]] std::string clip_merges();

}  // namespace sagitta::text
