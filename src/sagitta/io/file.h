// Opening a file for reading, with messages a person can act on.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace sagitta::io {

class OpenFile {
 public:
  // Throws bad_file naming path and reason if it is missing, unreadable or not a regular file.
  explicit OpenFile(const std::filesystem::path& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

// The whole content. Throws bad_file as above, and if the file is larger than max_bytes.
[[nodiscard]] std::string read_file(const std::filesystem::path& path,
                                    std::size_t max_bytes = std::size_t{1} << 30U);

// The bytes of a text, as the decoders want them.
[[nodiscard]] inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace sagitta::io
