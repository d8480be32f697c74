#include "sagitta/text/clip_merges.h"

#include <zlib.h>

#include <array>

#include "sagitta/base/error.h"

namespace sagitta::text {

std::string clip_merges() {
  const std::span<const unsigned char> packed = clip_merges_gzip();
  z_stream stream{};
  // 16 asks for the gzip format, 15 is the largest window.
  require(inflateInit2(&stream, 16 + 15) == Z_OK, Fault::out_of_memory,
          "clip_merges: zlib did not start");
  // zlib does not write to its input, although its older interface lacks the const.
  stream.next_in = const_cast<unsigned char*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());

  std::string text;
  std::array<char, 1U << 16U> block;
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<unsigned char*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  require(status == Z_STREAM_END, Fault::internal,
          "clip_merges: the embedded list is damaged (zlib status {})", status);
  return text;
}

}  // namespace sagitta::text
