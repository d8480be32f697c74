#include "sagitta/io/file.h"

#include "sagitta/base/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sagitta::io {

OpenFile::OpenFile(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  require(descriptor_ >= 0, Fault::bad_file, "cannot open {}: {}", path.string(),
          std::strerror(errno));
  struct stat info {};
  const bool known = fstat(descriptor_, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    close(descriptor_);
    throw Error(Fault::bad_file,
                fmt::format("cannot read {}: it is {}", path.string(),
                            known && S_ISDIR(info.st_mode) ? "a folder" : "not a regular file"));
  }
  size_ = static_cast<std::size_t>(info.st_size);
}

OpenFile::~OpenFile() { close(descriptor_); }

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const OpenFile file(path);
  require(file.size() <= max_bytes, Fault::bad_file, "{} has {} bytes, at most {} are allowed",
          path.string(), file.size(), max_bytes);
  std::string content(file.size(), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = read(file.descriptor(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0, Fault::bad_file, "cannot read {}: {}", path.string(), std::strerror(errno));
    if (count == 0) break;  // it shrank while we read
    done += static_cast<std::size_t>(count);
  }
  content.resize(done);
  return content;
}

}  // namespace sagitta::io
