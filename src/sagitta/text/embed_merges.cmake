# Writes the bytes of INPUT as a C++ array to OUTPUT:
#   cmake -DINPUT=... -DOUTPUT=... -P embed_merges.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REPEAT "0x..," 20 row)
string(REGEX REPLACE "(${row})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "// Made from data/clip_merges.txt.gz by embed_merges.cmake.
#include \"sagitta/text/clip_merges.h\"

namespace sagitta::text {

std::span<const unsigned char> clip_merges_gzip() {
  static constexpr unsigned char kBytes[] = {
${bytes}};
  return kBytes;
}

}  // namespace sagitta::text
")
