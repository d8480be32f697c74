#include "sagitta/models/controlnet/controlnet.h"

#include "sagitta/base/error.h"
#include "sagitta/ops/elementwise.h"

#include <fmt/format.h>

#include <utility>

namespace sagitta::models {
namespace {

// Three of the eight convolutions halve the picture, which is eight times as large as the latent.
constexpr bool kHalves[] = {false, false, true, false, true, false, true, false};

}  // namespace

ControlNet::ControlNet(ControlNetSpec spec) : spec_(std::move(spec)), encoder_(spec_.encoder) {
  require(spec_.hint_widths.size() + 1 == std::size(kHalves), Fault::bad_file,
          "a ControlNet reads its hint with {} convolutions, not {}", std::size(kHalves),
          spec_.hint_widths.size() + 1);
  std::int64_t channels = spec_.hint_channels;
  for (std::size_t i = 0; i < std::size(kHalves); ++i) {
    const bool last = i == spec_.hint_widths.size();
    const std::int64_t width = last ? spec_.encoder.model_channels : spec_.hint_widths[i];
    hint_.emplace_back(channels, width,
                       kHalves[i] ? Conv3x3::Kind::halve : Conv3x3::Kind::same);
    channels = width;
  }
  for (const std::int64_t width : encoder_.skip_channels()) zero_.emplace_back(width, width);
  middle_zero_ = Linear(encoder_.skip_channels().back(), encoder_.skip_channels().back());
}

void ControlNet::params(ParamVisitor& visit) {
  encoder_.params(visit);
  for (std::size_t i = 0; i < hint_.size(); ++i) {
    visit(fmt::format("input_hint_block.{}", 2 * i), hint_[i]);  // between them lie SiLUs
  }
  for (std::size_t i = 0; i < zero_.size(); ++i) visit(fmt::format("zero_convs.{}.0", i), zero_[i]);
  visit("middle_block_out.0", middle_zero_);
}

Tensor ControlNet::encode_hint(const Tensor& pictures) const {
  require(pictures.rank() == 4 && pictures.dim(3) == spec_.hint_channels, Fault::bad_input,
          "the ControlNet wants a picture of {} channels, got {}", spec_.hint_channels,
          to_string(pictures.shape()));
  Tensor h = hint_.front()(pictures);
  for (std::size_t i = 1; i < hint_.size(); ++i) {
    h = hint_[i](ops::activate(Activation::silu, h));
  }
  return h;
}

ControlResiduals ControlNet::operator()(const UnetInput& input, const Tensor& hint) const {
  const UnetSpec& spec = spec_.encoder;
  require(input.x.rank() == 4 && input.x.dim(3) == spec.in_channels, Fault::bad_input,
          "the ControlNet wants {} input channels, got a latent of shape {}", spec.in_channels,
          to_string(input.x.shape()));
  require(input.context.rank() == 3 && input.context.dim(2) == spec.context_width, Fault::bad_input,
          "the ControlNet wants a text conditioning of width {}, got {}: it belongs to another kind "
          "of model",
          spec.context_width, to_string(input.context.shape()));
  const Patches plain;  // hooks are for the UNet
  const UnetPass pass;
  const AttnContext ctx{.at = {},
                        .grid = {},
                        .input = {.rows = input.x.dim(1), .cols = input.x.dim(2)},
                        .patches = plain,
                        .pass = pass};
  const Tensor emb = encoder_.embed(input.x.device(), input.timesteps, input.vector);
  ControlResiduals out;
  Tensor h = input.x;
  const auto& blocks = encoder_.input_blocks();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    h = blocks[i](h, emb, input.context, ctx);
    if (i == 0) h = ops::add(h, hint);
    out.skips.push_back(zero_[i](h));
  }
  out.middle = middle_zero_(encoder_.middle(h, emb, input.context, ctx));
  return out;
}

}  // namespace sagitta::models
