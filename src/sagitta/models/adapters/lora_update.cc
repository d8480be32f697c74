#include "sagitta/models/adapters/lora_update.h"

#include "sagitta/base/error.h"
#include "sagitta/models/adapters/products.h"

#include <utility>

namespace sagitta::models {
namespace {

// A matrix that is computed on demand; its size is known before.
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::function<Array()> value;
};

// Builds matrices from the parts of a module and checks that they fit.
class Builder {
 public:
  explicit Builder(const LoraModuleView& module) : module_(module) {}

  // A part as (first axis, all others).
  [[nodiscard]] Matrix part(LoraPart which) const {
    const StoredTensor& tensor = module_.get(which);
    const Shape& shape = tensor.shape;
    require(!shape.empty() && element_count(shape) > 0, Fault::bad_file,
            "{}: part '{}' of '{}' has the impossible shape {}", module_.file(), name_of(which),
            module_.name(), to_string(shape));
    return {.rows = shape[0], .cols = element_count(shape) / shape[0], .value = [tensor] {
              return as_matrix(to_array(tensor));
            }};
  }

  [[nodiscard]] Matrix product_of(const Matrix& a, const Matrix& b) const {
    require_fit(a.cols, b.rows);
    return {.rows = a.rows, .cols = b.cols, .value = [a = a.value, b = b.value] {
              return product(a(), b());
            }};
  }

  // left: (P, I), right: (J, R) around the core (I, J, H, W).
  [[nodiscard]] Matrix tucker_of(const Matrix& left, LoraPart core, const Matrix& right) const {
    const StoredTensor& tensor = module_.get(core);
    const Shape& shape = tensor.shape;
    require(shape.size() == 4, Fault::bad_file, "{}: part '{}' of '{}' is {}, not a kernel",
            module_.file(), name_of(core), module_.name(), to_string(shape));
    require_fit(left.cols, shape[0]);
    require_fit(shape[1], right.rows);
    return {.rows = left.rows,
            .cols = right.cols * shape[2] * shape[3],
            .value = [left = left.value, tensor, right = right.value] {
              return tucker(left(), to_array(tensor), right());
            }};
  }

  static Matrix turned(const Matrix& x) {
    return {.rows = x.cols, .cols = x.rows, .value = [x = x.value] { return transposed(x()); }};
  }

  void require_fit(std::int64_t inner, std::int64_t outer) const {
    require(inner == outer, Fault::bad_file,
            "{}: the parts of '{}' do not fit together: their ranks are {} and {}", module_.file(),
            module_.name(), inner, outer);
  }

  [[nodiscard]] LoraUpdate finish(Matrix matrix, std::optional<std::int64_t> rank) const {
    return {.rows = matrix.rows,
            .cols = matrix.cols,
            .matrix = std::move(matrix.value),
            .scale = rank ? alpha_over(*rank) : 1};
  }

 private:
  [[nodiscard]] float alpha_over(std::int64_t rank) const {
    const StoredTensor* alpha = module_.find(LoraPart::alpha);
    if (alpha == nullptr) return 1;
    require(element_count(alpha->shape) == 1, Fault::bad_file,
            "{}: the alpha of '{}' is {}, not one value", module_.file(), module_.name(),
            to_string(alpha->shape));
    return to_array(*alpha)[0] / static_cast<float>(rank);
  }

  const LoraModuleView& module_;
};

LoraUpdate low_rank(const LoraModuleView& module, const Builder& build) {
  const Matrix up = build.part(LoraPart::up);
  const Matrix down = build.part(LoraPart::down);
  if (module.find(LoraPart::mid) == nullptr) {
    return build.finish(build.product_of(up, down), down.rows);
  }
  return build.finish(build.tucker_of(up, LoraPart::mid, down), down.rows);
}

struct HadamardParts {
  LoraPart a;
  LoraPart b;
  LoraPart core;
};

Matrix hadamard_factor(const LoraModuleView& module, const Builder& build,
                       const HadamardParts& parts) {
  const Matrix a = build.part(parts.a);
  const Matrix b = build.part(parts.b);
  if (module.find(parts.core) == nullptr) return build.product_of(a, b);
  return build.tucker_of(Builder::turned(a), parts.core, b);
}

LoraUpdate hadamard(const LoraModuleView& module, const Builder& build) {
  const Matrix first = hadamard_factor(
      module, build,
      {.a = LoraPart::hada_w1_a, .b = LoraPart::hada_w1_b, .core = LoraPart::hada_t1});
  const Matrix second = hadamard_factor(
      module, build,
      {.a = LoraPart::hada_w2_a, .b = LoraPart::hada_w2_b, .core = LoraPart::hada_t2});
  build.require_fit(first.rows, second.rows);
  build.require_fit(first.cols, second.cols);
  return build.finish({.rows = first.rows,
                       .cols = first.cols,
                       .value = [first = first.value, second = second.value] {
                         return first() * second();
                       }},
                      build.part(LoraPart::hada_w1_b).rows);
}

// alpha counts only where a factor has a rank; that of the second factor goes before the first's.
LoraUpdate kronecker_update(const LoraModuleView& module, const Builder& build) {
  std::optional<std::int64_t> rank;
  Matrix first;
  if (module.find(LoraPart::lokr_w1) != nullptr) {
    first = build.part(LoraPart::lokr_w1);
  } else {
    const Matrix b = build.part(LoraPart::lokr_w1_b);
    first = build.product_of(build.part(LoraPart::lokr_w1_a), b);
    rank = b.rows;
  }
  Matrix second;
  if (module.find(LoraPart::lokr_w2) != nullptr) {
    second = build.part(LoraPart::lokr_w2);
  } else {
    const Matrix a = build.part(LoraPart::lokr_w2_a);
    const Matrix b = build.part(LoraPart::lokr_w2_b);
    second = module.find(LoraPart::lokr_t2) != nullptr
                 ? build.tucker_of(Builder::turned(a), LoraPart::lokr_t2, b)
                 : build.product_of(a, b);
    rank = b.rows;
  }
  return build.finish({.rows = first.rows * second.rows,
                       .cols = first.cols * second.cols,
                       .value = [first = first.value, second = second.value] {
                         return kronecker(first(), second());
                       }},
                      rank);
}

}  // namespace

const StoredTensor* LoraModuleView::find(LoraPart part) const {
  const auto it = parts_.find(part);
  return it == parts_.end() ? nullptr : &it->second;
}

const StoredTensor& LoraModuleView::get(LoraPart part) const {
  const StoredTensor* tensor = find(part);
  require(tensor != nullptr, Fault::bad_file, "{}: '{}' lacks its part '{}'", file(), name_,
          name_of(part));
  return *tensor;
}

std::optional<LoraUpdate> lora_update(const LoraModuleView& module) {
  const auto has = [&](auto... parts) { return ((module.find(parts) != nullptr) || ...); };
  const Builder build(module);
  if (has(LoraPart::lokr_w1, LoraPart::lokr_w1_a, LoraPart::lokr_w1_b, LoraPart::lokr_w2,
          LoraPart::lokr_w2_a, LoraPart::lokr_w2_b)) {
    return kronecker_update(module, build);
  }
  if (has(LoraPart::hada_w1_a, LoraPart::hada_w1_b, LoraPart::hada_w2_a, LoraPart::hada_w2_b)) {
    return hadamard(module, build);
  }
  if (has(LoraPart::up, LoraPart::down)) return low_rank(module, build);
  return std::nullopt;
}

}  // namespace sagitta::models
