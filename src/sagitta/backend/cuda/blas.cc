#include "sagitta/backend/cuda/blas.h"

#include "sagitta/backend/cuda/context.h"
#include "sagitta/base/error.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace sagitta::cuda {
namespace {

template <class Handle, cublasStatus_t (*kDestroy)(Handle)>
struct Destroy {
  using pointer = Handle;
  void operator()(Handle handle) const { static_cast<void>(kDestroy(handle)); }
};
template <class Handle, cublasStatus_t (*kDestroy)(Handle)>
using Owned = std::unique_ptr<Handle, Destroy<Handle, kDestroy>>;

using Description = Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using MatrixLayout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

cudaDataType_t type_of(DType type) { return type == DType::bf16 ? CUDA_R_16BF : CUDA_R_32F; }

template <class Value>
void set(const Description& description, cublasLtMatmulDescAttributes_t what, const Value& value) {
  check(cublasLtMatmulDescSetAttribute(description.get(), what, &value, sizeof(value)),
        "an attribute of a product");
}

Description describe(const Product& product) {
  cublasLtMatmulDesc_t handle = nullptr;
  check(cublasLtMatmulDescCreate(&handle, CUBLAS_COMPUTE_32F, CUDA_R_32F), "a product");
  Description description(handle);
  // cuBLASLt's matrices are column-major, so that it sees ours transposed: it multiplies b by a.
  const cublasOperation_t first = product.b_rows_are_columns ? CUBLAS_OP_T : CUBLAS_OP_N;
  set(description, CUBLASLT_MATMUL_DESC_TRANSA, first);
  set(description, CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  if (product.bias != nullptr) {
    set(description, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(description, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, type_of(product.type));
  }
  return description;
}

// Of a row-major matrix with these rows and columns; Place is Operand or Result.
template <class Place>
MatrixLayout layout_of(DType type, std::int64_t rows, std::int64_t cols, const Place& place,
                       std::int64_t count) {
  cublasLtMatrixLayout_t handle = nullptr;
  check(cublasLtMatrixLayoutCreate(&handle, type_of(type), static_cast<std::uint64_t>(cols),
                                   static_cast<std::uint64_t>(rows), place.stride),
        "the layout of a matrix");
  MatrixLayout layout(handle);
  const auto matrices = static_cast<std::int32_t>(count);
  check(cublasLtMatrixLayoutSetAttribute(handle, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &matrices,
                                         sizeof(matrices)),
        "the size of a batch");
  check(cublasLtMatrixLayoutSetAttribute(handle, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                         &place.step, sizeof(place.step)),
        "the step of a batch");
  return layout;
}

// Of all addresses, up to 16 bytes; kernels that load more at once are chosen by it.
unsigned alignment_of(const Product& product) {
  const auto bits = [](const void* address) { return reinterpret_cast<std::uintptr_t>(address); };
  const std::uintptr_t all = bits(product.a.data) | bits(product.b.data) | bits(product.out.data) |
                             bits(product.addend) | bits(product.bias) | 16U;
  return 1U << static_cast<unsigned>(std::countr_zero(all));
}

void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t what, auto value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(), what, &value, sizeof(value)),
        "an attribute of a preference");
}

}  // namespace

struct ProductPlans::Plan {
  Description description;
  MatrixLayout a;
  MatrixLayout b;
  MatrixLayout out;
  cublasLtMatmulAlgo_t algorithm;

  Plan(const Context& context, const Product& product, unsigned alignment);
};

ProductPlans::Plan::Plan(const Context& context, const Product& p, unsigned alignment)
    : description(describe(p)),
      a(layout_of(p.type, p.rows, p.depth, p.a, p.count)),
      b(p.b_rows_are_columns ? layout_of(p.type, p.cols, p.depth, p.b, p.count)
                             : layout_of(p.type, p.depth, p.cols, p.b, p.count)),
      out(layout_of(p.out_type, p.rows, p.cols, p.out, p.count)) {
  cublasLtMatmulPreference_t handle = nullptr;
  check(cublasLtMatmulPreferenceCreate(&handle), "a preference");
  const Preference preference(handle);
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{kWorkspaceBytes});
  // Sums of parts of the depth stay in f32, too.
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  for (const auto which :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    set(preference, which, std::uint32_t{alignment});
  }
  cublasLtMatmulHeuristicResult_t result{};
  int found = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(context.blas, description.get(), b.get(), a.get(), out.get(),
                                     out.get(), preference.get(), 1, &result, &found);
  check(status, "choosing a product");
  require(found == 1, Fault::internal, "cuBLASLt has no product of {} x {} by {} in {}", p.rows,
          p.depth, p.cols, name_of(p.type));
  algorithm = result.algo;
}

ProductPlans::ProductPlans() = default;
ProductPlans::~ProductPlans() = default;

const ProductPlans::Plan& ProductPlans::of(const Context& context, const Product& p) {
  const unsigned alignment = alignment_of(p);
  const int kinds = (p.type == DType::bf16 ? 1 : 0) + (p.out_type == DType::bf16 ? 2 : 0) +
                    (p.b_rows_are_columns ? 4 : 0) + (p.addend != nullptr ? 8 : 0) +
                    (p.bias != nullptr ? 16 : 0);
  const Key key{p.rows,   p.cols,   p.depth,    p.a.stride, p.b.stride, p.out.stride,
                p.a.step, p.b.step, p.out.step, p.count,    kinds,      alignment};
  std::unique_ptr<Plan>& plan = plans_[key];
  if (plan == nullptr) plan = std::make_unique<Plan>(context, p, alignment);
  return *plan;
}

void multiply(Context& context, const Product& product) {
  const ProductPlans::Plan& plan = context.plans.of(context, product);
  if (product.bias != nullptr) {
    set(plan.description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.bias);
  }
  const float alpha = product.alpha;
  const float beta = product.addend == nullptr ? 0.0F : 1.0F;
  const void* const addend = product.addend == nullptr ? product.out.data : product.addend;
  check(cublasLtMatmul(context.blas, plan.description.get(), &alpha, product.b.data, plan.b.get(),
                       product.a.data, plan.a.get(), &beta, addend, plan.out.get(),
                       product.out.data, plan.out.get(), &plan.algorithm, context.workspace,
                       kWorkspaceBytes, context.stream),
        "a product");
}

}  // namespace sagitta::cuda
