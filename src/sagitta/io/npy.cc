#include "sagitta/io/npy.h"

#include "sagitta/base/error.h"
#include "sagitta/io/atomic_file.h"

#include <fmt/ranges.h>

#include <cstdint>
#include <span>
#include <string>

namespace sagitta::io {

void write_npy(const std::filesystem::path& path, const Array& array) {
  // Python's tuple: a comma even behind a single size.
  const std::string shape = array.rank() == 1 ? fmt::format("({},)", array.dim(0))
                                              : fmt::format("({})", fmt::join(array.shape(), ", "));
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", shape);
  constexpr std::size_t kPrefix = 10;  // magic, version, header length
  constexpr std::size_t kAlignment = 64;
  const std::size_t total = (kPrefix + header.size() + kAlignment) / kAlignment * kAlignment;
  header.resize(total - kPrefix - 1, ' ');
  header += '\n';
  require(header.size() <= 0xFFFF, Fault::bad_input, "{}: shape of {} axes is too long for .npy",
          path.string(), array.rank());

  std::string prefix("\x93NUMPY\x01\x00", 8);
  prefix += static_cast<char>(header.size() & 0xFFU);
  prefix += static_cast<char>(header.size() >> 8U);
  AtomicFile file(path);
  file.write(prefix);
  file.write(header);
  file.write(std::as_bytes(array.values()));
  file.commit();
}

}  // namespace sagitta::io
