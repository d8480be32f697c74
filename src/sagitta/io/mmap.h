// A file mapped read-only into memory: weights are read in place, and the system loads and drops
// their pages on demand.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace sagitta::io {

class MappedFile {
 public:
  // Maps the whole file. Throws bad_file if it is missing, unreadable or not a regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Empty for an empty file. Valid as long as this object lives.
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Hints for a part of a mapping: it will be read soon from front to back, or its pages are no
// longer needed (they are read from the file again if touched). Only for memory of a MappedFile;
// the range is narrowed to whole pages for dropping and widened for reading.
void will_read(std::span<const std::byte> part) noexcept;
void drop_pages(std::span<const std::byte> part) noexcept;

}  // namespace sagitta::io
