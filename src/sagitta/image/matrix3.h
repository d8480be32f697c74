// Matrices of three rows and columns: what statistics of colours need.
#pragma once

#include <array>

namespace sagitta {

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  // rows

[[nodiscard]] Vector3 product(const Matrix3& a, const Vector3& v);
[[nodiscard]] Matrix3 product(const Matrix3& a, const Matrix3& b);
[[nodiscard]] Matrix3 transposed(const Matrix3& a);
[[nodiscard]] Matrix3 diagonal(const Vector3& values);

struct Eigen {
  Vector3 values{};
  Matrix3 vectors{};  // columns
};
// Of a symmetric matrix, by Jacobi's rotations.
[[nodiscard]] Eigen eigen_of_symmetric(Matrix3 a);

}  // namespace sagitta
