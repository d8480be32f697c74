#include "sagitta/io/atomic_file.h"

#include "sagitta/base/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <system_error>
#include <utility>

namespace sagitta::io {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code ignored;
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  require(path_.has_filename(), Fault::bad_file, "cannot write {}: it names no file",
          path_.string());
  require(fs::is_directory(folder, ignored), Fault::bad_file,
          "cannot write {}: there is no folder {}", path_.string(), folder.string());
  // Renaming would replace a device or a pipe by a plain file.
  const fs::file_status status = fs::status(path_, ignored);
  require(!fs::exists(status) || fs::is_regular_file(status), Fault::bad_file,
          "cannot write {}: it is {}", path_.string(),
          fs::is_directory(status) ? "a folder" : "not a regular file");

  std::random_device random;
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = (folder / fmt::format(".sagitta-{:08x}{:08x}.tmp", random(), random())).string();
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && (errno != EEXIST || attempt == 10)) fail(errno);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text.data(), text.size())));
}

void AtomicFile::commit() {
  // The content must be on disk before the name points to it.
  if (fsync(descriptor_) != 0) fail(errno);
  const int descriptor = std::exchange(descriptor_, -1);
  if (close(descriptor) != 0) fail(errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(errno);
  temporary_.clear();
}

void AtomicFile::fail(int error) const {
  throw Error(Fault::bad_file,
              fmt::format("cannot write {}: {}", path_.string(), std::strerror(error)));
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace sagitta::io
