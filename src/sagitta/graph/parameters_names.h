// Samplers and schedules as A1111's interface names them, and our names of the same.
#pragma once

#include <string>
#include <string_view>

namespace sagitta::graph {

struct SamplerChoice {
  std::string sampler{};
  std::string scheduler{};
  bool known = true;  // false: a name that is in no table, passed on as it is
};

// "DPM++ 2M Karras", or "DPM++ 2M" with the schedule type "Karras" ("" if none is stated,
// "Automatic" for what suits the sampler). Our own names, such as "dpmpp_2m" or "dpmpp_2m_karras",
// are taken too.
[[nodiscard]] SamplerChoice sampler_from(std::string_view name, std::string_view schedule_type);

// The other way; our own name where A1111 has none.
[[nodiscard]] std::string sampler_label(std::string_view sampler);
[[nodiscard]] std::string scheduler_label(std::string_view scheduler);

}  // namespace sagitta::graph
