#include "sagitta/diffusion/guidance/pag.h"

namespace sagitta {

Model with_pag(Model model, const PagParams& params) {
  if (params.scale == 0) return model;
  model.post_cfg.emplace_back([params](const CfgState& state) {
    const Patches identity =
        state.patches.around_attn({.site = AttnSite{.stage = Stage::middle}},
                                  [](const AttnCall& call, const AttendFn&) { return call.v; });
    const Array perturbed = state.denoise(Role::perturbed, state.x, identity);
    return state.result + (state.cond - perturbed) * params.scale;
  });
  return model;
}

}  // namespace sagitta
