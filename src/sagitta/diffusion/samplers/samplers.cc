// The table of all samplers.
#include "sagitta/base/error.h"
#include "sagitta/diffusion/samplers/common.h"
#include "sagitta/diffusion/samplers/ddpm.h"
#include "sagitta/diffusion/samplers/deis.h"
#include "sagitta/diffusion/samplers/dpm_2.h"
#include "sagitta/diffusion/samplers/dpm_solver.h"
#include "sagitta/diffusion/samplers/dpmpp_2m.h"
#include "sagitta/diffusion/samplers/dpmpp_2s_ancestral.h"
#include "sagitta/diffusion/samplers/dpmpp_multistep_sde.h"
#include "sagitta/diffusion/samplers/dpmpp_sde.h"
#include "sagitta/diffusion/samplers/er_sde.h"
#include "sagitta/diffusion/samplers/euler.h"
#include "sagitta/diffusion/samplers/gradient_estimation.h"
#include "sagitta/diffusion/samplers/heun.h"
#include "sagitta/diffusion/samplers/ipndm.h"
#include "sagitta/diffusion/samplers/lcm.h"
#include "sagitta/diffusion/samplers/lms.h"
#include "sagitta/diffusion/samplers/res_multistep.h"
#include "sagitta/diffusion/samplers/sa_solver.h"
#include "sagitta/diffusion/samplers/sampler.h"
#include "sagitta/diffusion/samplers/seeds.h"
#include "sagitta/diffusion/samplers/uni_pc.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace sagitta {
namespace sampling {
namespace {

// A sampler with these options.
template <class Params>
auto with(Array (*sample)(const SamplerRun&, Array, const Params&),
          const std::type_identity_t<Params>& params = {}) {
  return [sample, params](const SamplerRun& run, Array x) {
    return sample(run, std::move(x), params);
  };
}

constexpr auto kOne = one_call_per_step;
constexpr auto kTwo = two_calls_per_step;
constexpr auto kThree = three_calls_per_step;

std::vector<SamplerDef> make_table() {
  const auto dpmpp_2m_sde_heun = with(dpmpp_2m_sde, {.solver_type = SdeSolver::heun});
  const auto exp_heun = [](double eta) {
    return with(seeds_2, {.solver_type = SeedsSolver::phi_2, .eta = eta, .r = 1});
  };
  return {
      {.name = "euler", .count_calls = kOne, .run = euler},
      {.name = "euler_cfg_pp", .needs_uncond = true, .count_calls = kOne, .run = euler_cfg_pp},
      {.name = "euler_ancestral", .count_calls = kOne, .run = with(euler_ancestral)},
      {.name = "euler_ancestral_cfg_pp",
       .needs_uncond = true,
       .count_calls = kOne,
       .run = with(euler_ancestral_cfg_pp)},
      {.name = "heun", .count_calls = kTwo, .run = heun},
      {.name = "heunpp2", .count_calls = heunpp2_calls, .run = heunpp2},
      {.name = "exp_heun_2_x0", .count_calls = kTwo, .run = exp_heun(0)},
      {.name = "exp_heun_2_x0_sde", .count_calls = kTwo, .run = exp_heun(1)},
      {.name = "dpm_2", .discard_penultimate = true, .count_calls = kTwo, .run = dpm_2},
      {.name = "dpm_2_ancestral",
       .discard_penultimate = true,
       .count_calls = kTwo,
       .run = with(dpm_2_ancestral)},
      {.name = "lms", .count_calls = kOne, .run = with(lms)},
      {.name = "dpm_fast", .count_calls = dpm_fast_calls, .run = with(dpm_fast)},
      {.name = "dpm_adaptive", .count_calls = dpm_adaptive_calls, .run = with(dpm_adaptive)},
      {.name = "dpmpp_2s_ancestral", .count_calls = kTwo, .run = with(dpmpp_2s_ancestral)},
      {.name = "dpmpp_2s_ancestral_cfg_pp",
       .needs_uncond = true,
       .count_calls = kTwo,
       .run = with(dpmpp_2s_ancestral_cfg_pp)},
      {.name = "dpmpp_sde", .count_calls = kTwo, .run = with(dpmpp_sde)},
      {.name = "dpmpp_sde_gpu", .count_calls = kTwo, .run = with(dpmpp_sde)},
      {.name = "dpmpp_2m", .count_calls = kOne, .run = dpmpp_2m},
      {.name = "dpmpp_2m_cfg_pp",
       .needs_uncond = true,
       .count_calls = kOne,
       .run = dpmpp_2m_cfg_pp},
      {.name = "dpmpp_2m_sde", .count_calls = kOne, .run = with(dpmpp_2m_sde)},
      {.name = "dpmpp_2m_sde_gpu", .count_calls = kOne, .run = with(dpmpp_2m_sde)},
      {.name = "dpmpp_2m_sde_heun", .count_calls = kOne, .run = dpmpp_2m_sde_heun},
      {.name = "dpmpp_2m_sde_heun_gpu", .count_calls = kOne, .run = dpmpp_2m_sde_heun},
      {.name = "dpmpp_3m_sde", .count_calls = kOne, .run = with(dpmpp_3m_sde)},
      {.name = "dpmpp_3m_sde_gpu", .count_calls = kOne, .run = with(dpmpp_3m_sde)},
      {.name = "ddpm", .count_calls = kOne, .run = ddpm},
      {.name = "lcm", .count_calls = kOne, .run = with(lcm)},
      {.name = "ipndm", .count_calls = kOne, .run = ipndm},
      {.name = "ipndm_v", .count_calls = kOne, .run = ipndm_v},
      {.name = "deis", .count_calls = kOne, .run = deis},
      {.name = "res_multistep", .count_calls = kOne, .run = with(res_multistep)},
      {.name = "res_multistep_cfg_pp",
       .needs_uncond = true,
       .count_calls = kOne,
       .run = with(res_multistep, {.cfg_pp = true})},
      {.name = "res_multistep_ancestral",
       .count_calls = kOne,
       .run = with(res_multistep, {.eta = 1})},
      {.name = "res_multistep_ancestral_cfg_pp",
       .needs_uncond = true,
       .count_calls = kOne,
       .run = with(res_multistep, {.eta = 1, .cfg_pp = true})},
      {.name = "gradient_estimation", .count_calls = kOne, .run = with(gradient_estimation)},
      {.name = "gradient_estimation_cfg_pp",
       .needs_uncond = true,
       .count_calls = kOne,
       .run = with(gradient_estimation, {.cfg_pp = true})},
      {.name = "er_sde", .count_calls = kOne, .run = with(er_sde)},
      {.name = "seeds_2", .count_calls = kTwo, .run = with(seeds_2)},
      {.name = "seeds_3", .count_calls = kThree, .run = with(seeds_3)},
      {.name = "sa_solver", .count_calls = kOne, .run = with(sa_solver)},
      {.name = "sa_solver_pece",
       .count_calls = sa_solver_pece_calls,
       .run = with(sa_solver, {.use_pece = true})},
      {.name = "ddim", .fresh_inpaint_noise = true, .count_calls = kOne, .run = euler},
      {.name = "uni_pc",
       .discard_penultimate = true,
       .count_calls = kOne,
       .run = with(uni_pc, UniPcVariant::bh1)},
      {.name = "uni_pc_bh2",
       .discard_penultimate = true,
       .count_calls = kOne,
       .run = with(uni_pc, UniPcVariant::bh2)},
  };
}

}  // namespace
}  // namespace sampling

namespace {

// Insertions, deletions and replacements between two names.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::vector<std::string_view> nearest_names(std::string_view name) {
  constexpr std::size_t kLongestName = 64;  // of the part of a stranger's text that is compared
  constexpr std::size_t kSuggestions = 3;
  const std::string_view start = name.substr(0, kLongestName);
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  for (const SamplerDef& def : samplers()) {
    ranked.emplace_back(edit_distance(start, def.name), def.name);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kSuggestions; ++i) names.push_back(ranked[i].second);
  return names;
}

}  // namespace

std::span<const SamplerDef> samplers() {
  static const std::vector<SamplerDef> table = sampling::make_table();
  return table;
}

const SamplerDef& find_sampler(std::string_view name) {
  for (const SamplerDef& def : samplers()) {
    if (def.name == name) return def;
  }
  throw Error(Fault::bad_input, fmt::format("unknown sampler \"{}\"; the nearest names are {}",
                                            name, fmt::join(nearest_names(name), ", ")));
}

}  // namespace sagitta
