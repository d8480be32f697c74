// A file that appears complete or not at all: it is written under a temporary name in the same
// folder and renamed at the end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace sagitta::io {

class AtomicFile {
 public:
  // Creates the temporary. Throws bad_file naming path and reason if that is impossible.
  explicit AtomicFile(std::filesystem::path path);
  // Removes the temporary unless commit() was reached.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Appends. Throws bad_file, for example when the disk is full.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  // Closes the temporary and gives it the final name, replacing a file that is there already.
  void commit();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
};

// The whole content at once.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace sagitta::io
