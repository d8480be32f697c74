#include "sagitta/nodes/embeddings.h"

#include "sagitta/base/error.h"
#include "sagitta/base/log.h"
#include "sagitta/io/safetensors.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace sagitta::nodes {
namespace {

namespace fs = std::filesystem;

// One vector is a matrix of one row.
Array as_vectors(const StoredTensor& tensor) {
  require(tensor.shape.size() == 1 || tensor.shape.size() == 2, Fault::bad_file,
          "an embedding is one vector or a list of vectors, not {}", to_string(tensor.shape));
  const Array values = to_array(tensor);
  require(!values.empty(), Fault::bad_file, "the embedding is empty");
  return values.rank() == 2 ? values : values.reshaped({1, values.dim(0)});
}

// Files list their tensors in the order in which the values lie.
std::vector<StateDict::const_pointer> in_file_order(const StateDict& file) {
  std::vector<StateDict::const_pointer> tensors;
  for (const auto& entry : file) tensors.push_back(&entry);
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const auto* a, const auto* b) { return a->second.data < b->second.data; });
  return tensors;
}

std::vector<Array> bundle(const std::vector<StateDict::const_pointer>& tensors,
                          const std::string& ending) {
  std::vector<Array> parts;
  for (const auto* entry : tensors) {
    if (entry->first.starts_with("bundle_emb.") && entry->first.ends_with(ending)) {
      parts.push_back(as_vectors(entry->second));
    }
  }
  return parts;
}

bool stays_inside(const fs::path& folder, const fs::path& path) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Says so if NAME is there as a file that is not read.
void warn_of_pickled(const fs::path& path) {
  for (const char* ending : {".pt", ".bin"}) {
    const fs::path pickled = path.string() + ending;
    if (!is_file(pickled)) continue;
    log(LogLevel::warning,
        "{}: a pickled embedding, which can run code when it is read, is left out; convert it to "
        "safetensors",
        pickled.string());
  }
}

// NAME below one folder, or nothing.
fs::path find_in(const fs::path& folder, const fs::path& name) {
  const fs::path path = (folder / name).lexically_normal();
  if (!stays_inside(folder, path)) return {};
  if (is_file(path)) return path;
  const fs::path with_ending = path.string() + ".safetensors";
  if (is_file(with_ending)) return with_ending;
  warn_of_pickled(path);
  return {};
}

fs::path find_file(const std::vector<fs::path>& models_dirs, std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return {};
  for (const fs::path& dir : models_dirs) {
    std::error_code error;
    const fs::path root = fs::absolute(dir / "embeddings", error).lexically_normal();
    if (fs::path path = find_in(root, name); !path.empty()) return path;
    constexpr int kDeepest = 16;  // a link that points upward must not go round for ever
    fs::recursive_directory_iterator it(root,
                                        fs::directory_options::follow_directory_symlink |
                                            fs::directory_options::skip_permission_denied,
                                        error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      if (it.depth() > kDeepest) it.disable_recursion_pending();
      std::error_code unreadable;
      if (!it->is_directory(unreadable)) continue;
      if (fs::path path = find_in(it->path(), name); !path.empty()) return path;
    }
  }
  return {};
}

}  // namespace

Array pick_embedding(const StateDict& file, std::string_view key) {
  require(!file.empty(), Fault::bad_file, "the file holds no tensors");
  if (const auto own = file.find(key); own != file.end()) return as_vectors(own->second);
  const auto tensors = in_file_order(file);
  std::vector<Array> parts = bundle(tensors, ".string_to_param.*");
  if (parts.empty()) parts = bundle(tensors, fmt::format(".{}", key));
  return parts.empty() ? as_vectors(tensors.front()->second) : concat(parts);
}

EmbeddingFinder embedding_finder(const Services& services) {
  return [dirs = services.models_dirs](std::string_view name, std::string_view key,
                                       std::int64_t) -> std::shared_ptr<const Array> {
    const fs::path path = find_file(dirs, name);
    if (path.empty()) return nullptr;
    try {
      return std::make_shared<const Array>(
          pick_embedding(io::open_safetensors(path).tensors, key));
    } catch (const Error& error) {
      log(LogLevel::warning, "{}: not a usable embedding: {}", path.string(), error.what());
      return nullptr;
    }
  };
}

}  // namespace sagitta::nodes
