#include "sagitta/graph/parameters_names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sagitta::graph {
namespace {

struct SamplerRow {
  std::string_view label;
  std::string_view name;
  std::string_view plain = "normal";      // the schedule if none is stated
  std::string_view automatic = "normal";  // what A1111 thinks suits the sampler
};

constexpr std::array kSamplers = {
    SamplerRow{"Euler a", "euler_ancestral"},
    SamplerRow{"Euler", "euler"},
    SamplerRow{"Euler CFG++", "euler_cfg_pp"},
    SamplerRow{"Euler a CFG++", "euler_ancestral_cfg_pp"},
    SamplerRow{"LMS", "lms"},
    SamplerRow{"Heun", "heun"},
    SamplerRow{"HeunPP2", "heunpp2"},
    SamplerRow{"DPM2", "dpm_2", "normal", "karras"},
    SamplerRow{"DPM2 a", "dpm_2_ancestral", "normal", "karras"},
    SamplerRow{"DPM++ 2S a", "dpmpp_2s_ancestral", "normal", "karras"},
    SamplerRow{"DPM++ 2S a CFG++", "dpmpp_2s_ancestral_cfg_pp", "normal", "karras"},
    SamplerRow{"DPM++ 2M", "dpmpp_2m", "normal", "karras"},
    SamplerRow{"DPM++ 2M CFG++", "dpmpp_2m_cfg_pp", "normal", "karras"},
    SamplerRow{"DPM++ SDE", "dpmpp_sde", "normal", "karras"},
    SamplerRow{"DPM++ 2M SDE", "dpmpp_2m_sde", "normal", "exponential"},
    SamplerRow{"DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun", "normal", "exponential"},
    SamplerRow{"DPM++ 3M SDE", "dpmpp_3m_sde", "normal", "exponential"},
    SamplerRow{"DPM fast", "dpm_fast"},
    SamplerRow{"DPM adaptive", "dpm_adaptive"},
    SamplerRow{"DDPM", "ddpm"},
    SamplerRow{"DDIM", "ddim", "ddim_uniform", "ddim_uniform"},
    SamplerRow{"UniPC", "uni_pc"},
    SamplerRow{"IPNDM", "ipndm"},
    SamplerRow{"IPNDM_V", "ipndm_v"},
    SamplerRow{"DEIS", "deis"},
    SamplerRow{"LCM", "lcm"},
    SamplerRow{"ER SDE", "er_sde"},
    SamplerRow{"SA Solver", "sa_solver"},
};

struct SchedulerRow {
  std::string_view label;
  std::string_view name;
};

constexpr std::array kSchedulers = {
    SchedulerRow{"Karras", "karras"},         SchedulerRow{"Exponential", "exponential"},
    SchedulerRow{"Uniform", "normal"},        SchedulerRow{"Normal", "normal"},
    SchedulerRow{"Simple", "simple"},         SchedulerRow{"SGM Uniform", "sgm_uniform"},
    SchedulerRow{"DDIM", "ddim_uniform"},     SchedulerRow{"Beta", "beta"},
    SchedulerRow{"KL Optimal", "kl_optimal"}, SchedulerRow{"Linear Quadratic", "linear_quadratic"},
};

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// By label or by our name.
template <class Table>
auto* find_row(const Table& table, std::string_view name) {
  const auto it = std::ranges::find_if(
      table, [&](const auto& row) { return same(row.label, name) || same(row.name, name); });
  return it == table.end() ? nullptr : &*it;
}

// The schedule at the end of the name, "DPM++ 2M Karras" or "dpmpp_2m_karras", which becomes
// shorter.
const SchedulerRow* take_scheduler(std::string_view& name) {
  for (const SchedulerRow& row : kSchedulers) {
    for (const std::string_view ending : {row.label, row.name}) {
      if (name.size() <= ending.size() + 1) continue;
      const std::size_t split = name.size() - ending.size();
      const bool apart = name[split - 1] == ' ' || name[split - 1] == '_';
      if (!apart || !same(name.substr(split), ending)) continue;
      name = name.substr(0, split - 1);
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

SamplerChoice sampler_from(std::string_view name, std::string_view schedule_type) {
  const SamplerRow* sampler = find_row(kSamplers, name);
  const SchedulerRow* scheduler = nullptr;
  if (sampler == nullptr) {
    std::string_view shorter = name;
    scheduler = take_scheduler(shorter);
    if (scheduler != nullptr) {
      sampler = find_row(kSamplers, shorter);
      name = shorter;
    }
  }
  SamplerChoice choice{.sampler = std::string(sampler == nullptr ? name : sampler->name),
                       .known = sampler != nullptr};
  if (same(schedule_type, "Automatic")) {
    choice.scheduler = sampler == nullptr ? "normal" : sampler->automatic;
    return choice;
  }
  if (!schedule_type.empty()) {
    scheduler = find_row(kSchedulers, schedule_type);
    choice.known = choice.known && scheduler != nullptr;
    choice.scheduler = scheduler == nullptr ? schedule_type : scheduler->name;
    return choice;
  }
  choice.scheduler = scheduler != nullptr ? scheduler->name
                     : sampler != nullptr ? sampler->plain
                                          : "normal";
  return choice;
}

std::string sampler_label(std::string_view sampler) {
  const auto it = std::ranges::find(kSamplers, sampler, &SamplerRow::name);
  return std::string(it == kSamplers.end() ? sampler : it->label);
}

std::string scheduler_label(std::string_view scheduler) {
  const auto it = std::ranges::find(kSchedulers, scheduler, &SchedulerRow::name);
  return std::string(it == kSchedulers.end() ? scheduler : it->label);
}

}  // namespace sagitta::graph
