#include "sagitta/nodes/latent_inputs.h"

#include "sagitta/diffusion/latent_math.h"

namespace sagitta::nodes {

Latent latent_of(const graph::NodeCall& call, std::string_view name) {
  Latent latent = call.get<Latent>(name);
  require_latent(latent.samples, fmt::format("input \"{}\"", name));
  return latent;
}

}  // namespace sagitta::nodes
