// Arbitrary bytes as the parameters of a picture: reading them ends in settings or an Error.
#include "sagitta/base/error.h"
#include "sagitta/graph/parameters.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace graph = sagitta::graph;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const graph::Parameters parameters = graph::read_parameters(text);
    (void)graph::prompt_to_a1111(parameters.prompt);
    (void)graph::mark_embeddings(parameters.prompt, parameters.embeddings);
    if (graph::parse_parameters_text(text).fields.size() > size) std::abort();
  } catch (const sagitta::Error& error) {
    if (error.fault() != sagitta::Fault::bad_input) std::abort();
  }
  return 0;
}
