// Small dense linear systems, as the multistep solvers need them for their weights.
#pragma once

#include <vector>

namespace sagitta::sampling {

// x with matrix x = right, by elimination with row pivots. matrix[row][column] is square. A
// singular matrix gives infinite or NaN values.
[[nodiscard]] std::vector<double> solve(std::vector<std::vector<double>> matrix,
                                        std::vector<double> right);

}  // namespace sagitta::sampling
