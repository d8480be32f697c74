// The model patches that golden data name, e.g. "apg_eta1.0_norm5.0_mom0.0" or "sag_then_mahiro".
#pragma once

#include "golden_runner/case.h"
#include "sagitta/diffusion/model.h"

#include <optional>
#include <string_view>
#include <vector>

namespace golden {

// The names between "_then_", in the order of their application.
[[nodiscard]] std::vector<std::string_view> stacked_patches(std::string_view stack);

// The model with one patch; scales that are not in the name are in the file's params. `stacked`
// chooses the scale that PAG has in stacks. Nothing for a name that is not known.
[[nodiscard]] std::optional<sagitta::Model> with_patch(sagitta::Model model, std::string_view name,
                                                       const GoldenFile& file, bool stacked);

// The same for a whole stack.
[[nodiscard]] std::optional<sagitta::Model> with_patches(sagitta::Model model,
                                                         std::string_view stack,
                                                         const GoldenFile& file);

}  // namespace golden
