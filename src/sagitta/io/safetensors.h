// The safetensors format: eight bytes of header length, a JSON header that lists name, type, shape
// and place of every tensor, then the values. Files come from strangers, so every field is checked
// before a byte of data is used.
#pragma once

#include "sagitta/core/stored.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace sagitta::io {

using Metadata = std::map<std::string, std::string, std::less<>>;

struct Safetensors {
  StateDict tensors;  // views into the file; each keeps the mapping alive
  Metadata metadata;  // the header's "__metadata__", empty if there is none
};

// Maps the file and reads its header. Throws bad_file naming the file and the tensor when
// the file is missing, truncated or malformed, and unsupported for an element type we do not know.
[[nodiscard]] Safetensors open_safetensors(const std::filesystem::path& path);

// The same for a file that lies in memory. `name` stands for it in messages; the tensors point into
// `bytes` and hold `owner`, which must keep them valid.
[[nodiscard]] Safetensors parse_safetensors(std::span<const std::byte> bytes,
                                            const std::string& name,
                                            std::shared_ptr<const void> owner = nullptr);

// Writes the tensors, wide types first and then by name so that all are aligned, replacing the file
// in one step (AtomicFile). Throws bad_input for a tensor with a scale, which the format lacks.
void write_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                       const Metadata& metadata = {});

// A tensor to be written whose values are made only then, one tensor at a time, so that a file may
// be larger than the memory.
struct TensorSource {
  DType dtype = DType::f32;
  Shape shape;
  std::function<StoredTensor()> values;  // of that type and shape
};
using TensorSources = std::map<std::string, TensorSource, std::less<>>;
[[nodiscard]] TensorSource source_of(StoredTensor tensor);

void write_safetensors(const std::filesystem::path& path, const TensorSources& tensors,
                       const Metadata& metadata = {});

}  // namespace sagitta::io
