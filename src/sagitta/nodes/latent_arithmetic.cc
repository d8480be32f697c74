// Latents added, joined and cut, cell by cell or along an axis.
#include "sagitta/diffusion/latent_math.h"
#include "sagitta/image/axes.h"
#include "sagitta/image/batch.h"
#include "sagitta/nodes/families.h"
#include "sagitta/nodes/inputs.h"
#include "sagitta/nodes/latent_inputs.h"

#include <algorithm>

namespace sagitta::nodes {
namespace {

using graph::NodeCall;
using graph::NodeResult;

constexpr std::int64_t kMost = 16384;

// "x", "-x", "y", "-y", "t" or "-t". Of pictures the axis of time is that of the channels.
std::size_t axis_of(std::string_view dim) {
  if (dim.ends_with('x')) return 3;
  return dim.ends_with('y') ? 2 : 1;
}

// The node of a function of two latents' samples; the second is fitted to the first.
using Formula = Array (*)(const Array& a, const Array& b, const NodeCall& call);

graph::NodeDef of_two(std::string id, std::string description, Formula formula,
                      std::vector<graph::Input> more = {}) {
  return {.id = std::move(id),
          .category = "model/latent/advanced",
          .description = std::move(description),
          .inputs = graph::inputs(graph::socket("samples1", "LATENT"),
                                  graph::socket("samples2", "LATENT"), std::move(more)),
          .outputs = {{.type = "LATENT"}},
          .style = graph::NodeStyle::schema,
          .run = [formula](const NodeCall& call) -> NodeResult {
            Latent latent = latent_of(call, "samples1");
            latent.samples = formula(latent.samples, latent_of(call, "samples2").samples, call);
            return {.values = {std::move(latent)}};
          }};
}

Array add(const Array& a, const Array& b, const NodeCall& /*call*/) { return a + fit_latent(b, a); }

Array subtract(const Array& a, const Array& b, const NodeCall& /*call*/) {
  return a - fit_latent(b, a);
}

Array mix(const Array& a, const Array& b, const NodeCall& call) {
  return interpolate(a, b, static_cast<float>(call.number("ratio")));
}

Array side_by_side(const Array& a, const Array& b, const NodeCall& call) {
  const std::string& dim = call.text("dim");
  const std::size_t axis = axis_of(dim);
  const Array other = repeat_to_batch(b, a.dim(0));
  return dim.starts_with('-') ? join(other, a, axis) : join(a, other, axis);
}

graph::NodeDef of_one(std::string id, std::string description, std::vector<graph::Input> more,
                      NodeResult (*run)(const NodeCall&)) {
  return {.id = std::move(id),
          .category = "model/latent/advanced",
          .description = std::move(description),
          .inputs = graph::inputs(graph::socket("samples", "LATENT"), std::move(more)),
          .outputs = {{.type = "LATENT"}},
          .style = graph::NodeStyle::schema,
          .run = run};
}

NodeResult run_multiply(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  latent.samples *= static_cast<float>(call.number("multiplier"));
  return {.values = {std::move(latent)}};
}

// An index below 0 counts from the end; what is not there is left out.
NodeResult run_cut(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  const std::size_t axis = axis_of(call.text("dim"));
  const std::int64_t size = latent.samples.dim(axis);
  std::int64_t begin = call.integer("index");
  begin = begin < 0 ? std::max<std::int64_t>(0, begin + size) : std::min(begin, size - 1);
  const std::int64_t amount = std::min(call.integer("amount"), size - begin);
  latent.samples = narrow(latent.samples, axis, begin, amount);
  return {.values = {std::move(latent)}};
}

// (B, C, H, W) as (B * n, C, H, slice): the slices of an item follow one another, a remainder is
// left out. Numbers of items do not say which slice, so there are none behind it.
NodeResult run_cut_to_batch(const NodeCall& call) {
  Latent latent = latent_of(call, "samples");
  const std::size_t axis = axis_of(call.text("dim"));
  if (axis < 2) return {.values = {std::move(latent)}};
  const Array& whole = latent.samples;
  const std::int64_t size = whole.dim(axis);
  const std::int64_t slice = std::clamp<std::int64_t>(call.integer("slice_size"), 1, size);
  std::vector<Array> slices;
  for (std::int64_t item = 0; item < whole.dim(0); ++item) {
    const Array one = whole.slice(item, 1);
    for (std::int64_t begin = 0; begin + slice <= size; begin += slice) {
      slices.push_back(narrow(one, axis, begin, slice));
    }
  }
  if (slices.size() != static_cast<std::size_t>(whole.dim(0))) latent.batch_index.clear();
  latent.samples = concat(slices);
  return {.values = {std::move(latent)}};
}

}  // namespace

std::vector<graph::NodeDef> latent_arithmetic_nodes() {
  return {
      of_two("LatentAdd", "Adds two latents.", add),
      of_two("LatentSubtract", "Takes a latent from another one.", subtract),
      of_one("LatentMultiply", "Multiplies a latent by a number.",
             {float_widget("multiplier", 1.0, -10.0, 10.0, 0.01)}, run_multiply),
      of_two("LatentInterpolate", "Mixes directions and lengths of two latents.", mix,
             {float_widget("ratio", 1.0, 0.0, 1.0, 0.01)}),
      of_two("LatentConcat", "Joins two latents along an axis.", side_by_side,
             {graph::combo("dim", {"x", "-x", "y", "-y", "t", "-t"})}),
      of_one("LatentCut", "Cuts a piece out of a latent along an axis.",
             {graph::combo("dim", {"x", "y", "t"}), int_widget("index", 0, -kMost, kMost, 1),
              int_widget("amount", 1, 1, kMost, 1)},
             run_cut),
      of_one("LatentCutToBatch", "Cuts a latent into slices of a batch.",
             {graph::combo("dim", {"t", "x", "y"}), int_widget("slice_size", 1, 1, kMost, 1)},
             run_cut_to_batch),
  };
}

}  // namespace sagitta::nodes
