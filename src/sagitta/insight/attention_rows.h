// Rows of attention matrices on the host: a few queries at a time, the matrix is never stored.
#pragma once

#include "sagitta/nn/patches.h"

namespace sagitta {

// softmax(q k^T / sqrt(D)) of one query of row `row` of the batch, averaged over heads: (Tk).
[[nodiscard]] Array attention_of_query(const AttnCall& call, std::int64_t row, std::int64_t query);

// The same for all queries of a row, its keys summed into groups: (groups, Tq), group_of[key]
// being the group of a key.
[[nodiscard]] Array grouped_attention(const AttnCall& call, std::int64_t row,
                                      const std::vector<std::size_t>& group_of, std::size_t groups);

}  // namespace sagitta
