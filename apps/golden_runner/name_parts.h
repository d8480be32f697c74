// Tensor names carry parameters: "karras/steps4/max80.0_min0.01_rho3.5".
#pragma once

#include <string_view>
#include <vector>

namespace golden {

// The parts between slashes.
[[nodiscard]] std::vector<std::string_view> name_parts(std::string_view name);

// The number behind the label in a part, where the label stands at the start or behind '_':
// number_in("max80.0_min0.01", "min") is 0.01. Throws bad_file if there is none.
[[nodiscard]] double number_in(std::string_view part, std::string_view label);
[[nodiscard]] int integer_in(std::string_view part, std::string_view label);

}  // namespace golden
