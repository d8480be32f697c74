#include "sagitta/backend/cpu/dnnl.h"

#include "sagitta/base/error.h"

#include <unordered_map>

namespace sagitta::cpu {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Tag = memory::format_tag;

memory::data_type type_of(DType type) {
  switch (type) {
    case DType::bf16:
      return memory::data_type::bf16;
    case DType::i32:
      return memory::data_type::s32;
    case DType::i8:
      return memory::data_type::s8;
    case DType::u8:
      return memory::data_type::u8;
    default:
      return memory::data_type::f32;
  }
}

// The types of the operands of a problem.
memory::data_type weights_type(DType problem) {
  return type_of(problem == kIntegers ? DType::i8 : problem);
}
memory::data_type out_type(DType problem) {
  return type_of(problem == kIntegers ? DType::i32 : problem);
}

// Runs a call of oneDNN; its errors become ours.
template <class Call>
auto checked(const Call& call) {
  try {
    return call();
  } catch (const dnnl::error& error) {
    throw Error(
        error.status == dnnl_out_of_memory ? Fault::out_of_memory : Fault::internal,
        fmt::format("oneDNN: {} (status {})", error.message, static_cast<int>(error.status)));
  }
}

// oneDNN calls for const memory through the same type as for memory that it writes.
memory view(const dnnl::engine& engine, const Layout& layout, const void* data) {
  return {layout, engine, const_cast<void*>(data)};
}

void append_activation(dnnl::post_ops& ops, Activation activation) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::silu:
      return ops.append_eltwise(1.0F, algorithm::eltwise_swish, 1.0F, 0.0F);
    case Activation::gelu:
      return ops.append_eltwise(1.0F, algorithm::eltwise_gelu_erf, 0.0F, 0.0F);
    case Activation::quick_gelu:
      return ops.append_eltwise(1.0F, algorithm::eltwise_swish, 1.702F, 0.0F);
    case Activation::relu:
      return ops.append_eltwise(1.0F, algorithm::eltwise_relu, 0.0F, 0.0F);
    case Activation::tanh:
      return ops.append_eltwise(1.0F, algorithm::eltwise_tanh, 0.0F, 0.0F);
  }
}

// Appends an operand like `layout` and returns the name under which it is handed over.
int append_operand(dnnl::post_ops& ops, algorithm how, const Layout& layout) {
  ops.append_binary(how, layout);
  return DNNL_ARG_ATTR_MULTIPLE_POST_OP(ops.len() - 1) | DNNL_ARG_SRC_1;
}

// Creates the primitive that make(attributes) describes. oneDNN says "unimplemented" with an error.
template <class Primitive, class Make>
void finish(Plan& plan, const dnnl::post_ops& ops, const Make& make) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(ops);
  try {
    const typename Primitive::primitive_desc description = make(attributes);
    plan.weights = description.weights_desc();
    plan.scratch = description.scratchpad_desc().get_size();
    plan.implementation = description.impl_info_str();
    plan.primitive = Primitive(description);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return;
    checked([&]() -> int { throw error; });
  }
}

Plan make_matmul(const dnnl::engine& engine, const MatmulProblem& problem, const Layout* weights) {
  Plan plan;
  plan.x = {{problem.rows, problem.in}, type_of(problem.type), Tag::ab};
  plan.out = {{problem.rows, problem.out}, out_type(problem.type), Tag::ab};
  if (problem.bias) plan.bias = {{1, problem.out}, memory::data_type::f32, Tag::ab};
  const Layout any({problem.in, problem.out}, weights_type(problem.type), Tag::any);
  const Layout& wanted = weights != nullptr ? *weights : any;

  dnnl::post_ops ops;
  append_activation(ops, problem.activation);
  if (problem.factor) plan.factor_arg = append_operand(ops, algorithm::binary_mul, plan.out);
  if (problem.residual) plan.residual_arg = append_operand(ops, algorithm::binary_add, plan.out);
  finish<dnnl::matmul>(plan, ops, [&](const dnnl::primitive_attr& attributes) {
    return dnnl::matmul::primitive_desc({plan.x, wanted, plan.bias, plan.out}, attributes, engine);
  });
  return plan;
}

Plan make_conv(const dnnl::engine& engine, const ConvProblem& problem, const Layout* weights) {
  const auto& [above, left] = problem.pad_before;
  const auto& [below, right] = problem.pad_after;
  const std::int64_t out_h =
      (problem.height + above + below - problem.kernel_h) / problem.stride + 1;
  const std::int64_t out_w = (problem.width + left + right - problem.kernel_w) / problem.stride + 1;
  Plan plan;
  plan.x = {
      {problem.batch, problem.in, problem.height, problem.width}, type_of(problem.type), Tag::nhwc};
  plan.out = {{problem.batch, problem.out, out_h, out_w}, out_type(problem.type), Tag::nhwc};
  if (problem.bias) plan.bias = {{problem.out}, memory::data_type::f32, Tag::a};
  const Layout any({problem.out, problem.in, problem.kernel_h, problem.kernel_w},
                   weights_type(problem.type), Tag::any);
  const Layout& wanted = weights != nullptr ? *weights : any;
  const memory::dims strides{problem.stride, problem.stride};
  const memory::dims before{above, left};
  const memory::dims after{below, right};

  dnnl::post_ops ops;
  if (problem.accumulate) ops.append_sum(1.0F);
  finish<dnnl::convolution_forward>(plan, ops, [&](const dnnl::primitive_attr& attributes) {
    const auto kind = dnnl::prop_kind::forward_inference;
    const auto how = algorithm::convolution_direct;
    return dnnl::convolution_forward::primitive_desc(
        {kind, how, plan.x, wanted, plan.bias, plan.out, strides, before, after}, attributes,
        engine);
  });
  return plan;
}

}  // namespace

bool uses_tiles() {
  constexpr auto kTiles = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_amx);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & kTiles) == kTiles;
}

int largest_int8_weight() {
  constexpr int kAll = 127;
  constexpr int kPairsIn16Bits = 64;  // 2 * 255 * 64 < 2^15
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:  // which oneDNN does not use in all of its kernels
    case dnnl::cpu_isa::avx512_core:
      return kPairsIn16Bits;
    default:
      return kAll;
  }
}

Plan plan_matmul(const dnnl::engine& engine, const MatmulProblem& problem, const Layout* weights) {
  if (weights != nullptr) {
    if (Plan plan = make_matmul(engine, problem, weights); plan.is_fast()) return plan;
  }
  return make_matmul(engine, problem, nullptr);
}

Plan plan_conv(const dnnl::engine& engine, const ConvProblem& problem, const Layout* weights) {
  if (weights != nullptr) {
    if (Plan plan = make_conv(engine, problem, weights); plan.is_fast()) return plan;
  }
  return make_conv(engine, problem, nullptr);
}

void run(const dnnl::engine& engine, dnnl::stream& stream, const Plan& plan,
         const Operands& operands) {
  require(static_cast<bool>(plan.primitive), Fault::unsupported,
          "oneDNN has no kernel for this product or convolution on this processor");
  checked([&] {
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, view(engine, plan.x, operands.x)},
        {DNNL_ARG_WEIGHTS, view(engine, plan.weights, operands.weights)},
        {DNNL_ARG_DST, view(engine, plan.out, operands.out)},
    };
    if (operands.bias != nullptr) {
      arguments.emplace(DNNL_ARG_BIAS, view(engine, plan.bias, operands.bias));
    }
    if (plan.factor_arg != 0) {
      arguments.emplace(plan.factor_arg, view(engine, plan.out, operands.factor));
    }
    if (plan.residual_arg != 0) {
      arguments.emplace(plan.residual_arg, view(engine, plan.out, operands.residual));
    }
    if (plan.scratch != 0) {
      const Layout scratch({static_cast<std::int64_t>(plan.scratch)}, memory::data_type::u8,
                           Tag::a);
      arguments.emplace(DNNL_ARG_SCRATCHPAD, view(engine, scratch, operands.scratch));
    }
    plan.primitive.execute(stream, arguments);
    stream.wait();
  });
}

Layout matrix_layout(DType type, std::int64_t in, std::int64_t out) {
  return {{in, out}, type_of(type), Tag::ba};
}

Layout kernel_layout(DType type, const Shape& shape) {
  return {{shape[0], shape[1], shape[2], shape[3]}, type_of(type), Tag::abcd};
}

// With three inner blocks tiles lie in blocks of 32 x columns, with two each row of pairs is a
// block of its own.
std::optional<KernelTiles> kernel_tiles(const Layout& layout) {
  constexpr std::int64_t kElement = 2;
  constexpr std::int64_t kPairs = 16;
  const dnnl_memory_desc_t& desc = layout.data;
  const dnnl_blocking_desc_t& blocking = desc.format_desc.blocking;
  const int blocks = blocking.inner_nblks;
  if (desc.ndims != 4 || desc.data_type != dnnl_bf16 || desc.format_kind != dnnl_blocked ||
      blocks < 2 || blocks > 3) {
    return std::nullopt;
  }
  const auto is = [&](int block, int dimension) { return blocking.inner_idxs[block] == dimension; };
  const std::int64_t columns = blocking.inner_blks[blocks - 2];
  const bool pairs = is(blocks - 1, 1) && blocking.inner_blks[blocks - 1] == 2;
  const bool tall = blocks == 2 || (is(0, 1) && blocking.inner_blks[0] == kPairs);
  if (!pairs || !tall || !is(blocks - 2, 0) || columns % 16 != 0) return std::nullopt;
  const auto& strides = blocking.strides;
  const std::int64_t inner = strides[1] * kElement;  // to the next block of in
  return KernelTiles{.columns = columns,
                     .block = strides[0] * kElement,
                     .depth = blocks == 2 ? kPairs * inner : inner,
                     .kernel_row = strides[2] * kElement,
                     .kernel_column = strides[3] * kElement,
                     .tile_row = blocks == 2 ? inner : columns * 2 * kElement};
}

Layout panel_layout(const Shape& shape, std::int64_t columns) {
  const Tag tag = columns == 8 ? Tag::Acdb8a : columns == 16 ? Tag::Acdb16a : Tag::Acdb32a;
  return {{shape[0], shape[1], shape[2], shape[3]}, memory::data_type::f32, tag};
}

void reorder(const dnnl::engine& engine, dnnl::stream& stream, const Layout& from_layout,
             const void* from, const Layout& to_layout, void* to) {
  checked([&] {
    memory source = view(engine, from_layout, from);
    memory target = view(engine, to_layout, to);
    dnnl::reorder(source, target).execute(stream, source, target);
    stream.wait();
  });
}

}  // namespace sagitta::cpu
