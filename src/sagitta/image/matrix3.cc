#include "sagitta/image/matrix3.h"

#include <cmath>
#include <cstddef>

namespace sagitta {
namespace {

// The rotation in the plane of axes p and q that makes a[p][q] zero.
Matrix3 rotation_against(const Matrix3& a, std::size_t p, std::size_t q) {
  const double angle = 0.5 * std::atan2(2 * a[p][q], a[q][q] - a[p][p]);
  Matrix3 rotation = diagonal({1, 1, 1});
  rotation[p][p] = rotation[q][q] = std::cos(angle);
  rotation[p][q] = std::sin(angle);
  rotation[q][p] = -rotation[p][q];
  return rotation;
}

}  // namespace

Vector3 product(const Matrix3& a, const Vector3& v) {
  Vector3 out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = a[i][0] * v[0] + a[i][1] * v[1] + a[i][2] * v[2];
  return out;
}

Matrix3 product(const Matrix3& a, const Matrix3& b) {
  Matrix3 out{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      out[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
    }
  }
  return out;
}

Matrix3 transposed(const Matrix3& a) {
  Matrix3 out{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) out[i][j] = a[j][i];
  }
  return out;
}

Matrix3 diagonal(const Vector3& values) {
  Matrix3 out{};
  for (std::size_t i = 0; i < 3; ++i) out[i][i] = values[i];
  return out;
}

Eigen eigen_of_symmetric(Matrix3 a) {
  constexpr int kSweeps = 12;  // each squares what is left beside the diagonal
  Matrix3 vectors = diagonal({1, 1, 1});
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::size_t p = 0; p < 2; ++p) {
      for (std::size_t q = p + 1; q < 3; ++q) {
        if (a[p][q] == 0) continue;
        const Matrix3 rotation = rotation_against(a, p, q);
        a = product(transposed(rotation), product(a, rotation));
        vectors = product(vectors, rotation);
      }
    }
  }
  return {.values = {a[0][0], a[1][1], a[2][2]}, .vectors = vectors};
}

}  // namespace sagitta
