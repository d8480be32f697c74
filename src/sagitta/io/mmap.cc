#include "sagitta/io/mmap.h"

#include "sagitta/base/error.h"
#include "sagitta/io/file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace sagitta::io {
namespace {

std::uintptr_t page_size() {
  static const auto kSize = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  return kSize;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const OpenFile file(path);
  size_ = file.size();
  if (size_ == 0) return;
  void* address = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  require(address != MAP_FAILED, Fault::bad_file, "cannot map {}: {}", path.string(),
          std::strerror(errno));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

void will_read(std::span<const std::byte> part) noexcept {
  if (part.empty()) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) / page_size() * page_size();
  const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size());
  // A hint only: when the system refuses it, pages are loaded one by one as they are touched.
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WILLNEED);
}

void drop_pages(std::span<const std::byte> part) noexcept {
  const std::uintptr_t page = page_size();
  const auto first = reinterpret_cast<std::uintptr_t>(part.data());
  const std::uintptr_t begin = (first + page - 1) / page * page;
  const std::uintptr_t end = (first + part.size()) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace sagitta::io
