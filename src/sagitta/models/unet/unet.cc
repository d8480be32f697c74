#include "sagitta/models/unet/unet.h"

#include "sagitta/base/error.h"
#include "sagitta/ops/elementwise.h"
#include "sagitta/ops/layout.h"

#include <utility>

namespace sagitta::models {
namespace {

// h + residual. A hook may have changed the size of h; then the residual has no place in it.
Tensor with_control(const Tensor& h, const Tensor& residual) {
  return residual.shape() == h.shape() ? ops::add(h, residual) : h;
}

}  // namespace

Unet::Unet(UnetSpec spec) : spec_(std::move(spec)), encoder_(spec_) {
  const std::int64_t embedding = UnetEncoder::embedding_width(spec_);
  std::vector<std::int64_t> skips = encoder_.skip_channels();
  std::int64_t channels = skips.back();

  for (std::size_t level = spec_.levels.size(); level-- > 0;) {
    const UnetSpec::Level& here = spec_.levels[level];
    for (std::size_t i = 0; i < here.output_depth.size(); ++i) {
      require(!skips.empty(), Fault::bad_file, "the UNet has more output blocks than input blocks");
      const bool last = i + 1 == here.output_depth.size() && level > 0;
      output_blocks_.push_back(
          {.res = ResBlock(channels + skips.back(), here.channels, embedding),
           .transformer = make_transformer(spec_, here.channels, here.output_depth[i]),
           .up = last ? std::optional<UpsampleConv>(here.channels) : std::nullopt});
      skips.pop_back();
      channels = here.channels;
    }
  }
  require(skips.empty(), Fault::bad_file, "the UNet has more input blocks than output blocks");
  norm_out_ = GroupNorm(channels, 1e-5F);
  conv_out_ = Conv3x3(channels, spec_.out_channels);
}

Tensor Unet::operator()(const UnetInput& input, const Patches& patches,
                        const UnetPass& pass) const {
  require(input.x.rank() == 4 && input.x.dim(3) == spec_.in_channels, Fault::bad_input,
          "the UNet wants {} input channels, got a latent of shape {}", spec_.in_channels,
          to_string(input.x.shape()));
  require(input.context.rank() == 3 && input.context.dim(2) == spec_.context_width,
          Fault::bad_input,
          "the UNet wants a text conditioning of width {}, got {}: the text encoder belongs to "
          "another kind of model",
          spec_.context_width, to_string(input.context.shape()));
  require(!input.control || input.control->skips.size() == encoder_.input_blocks().size(),
          Fault::bad_input,
          "the ControlNet belongs to another kind of model: it has {} outputs, the UNet {} places",
          input.control ? input.control->skips.size() : 0, encoder_.input_blocks().size());
  const Tensor emb = encoder_.embed(input.x.device(), input.timesteps, input.vector);
  const auto context_of = [&](Stage stage, std::size_t block) {
    return AttnContext{.at = {.stage = stage, .block = static_cast<int>(block)},
                       .grid = {},
                       .input = {.rows = input.x.dim(1), .cols = input.x.dim(2)},
                       .patches = patches,
                       .pass = pass};
  };
  const auto hooked_block = [&](std::size_t block) {
    return UnetBlock{
        .index = static_cast<int>(block), .model_channels = spec_.model_channels, .pass = pass};
  };

  Tensor h = input.x;
  std::vector<Tensor> skips;
  for (std::size_t i = 0; i < encoder_.input_blocks().size(); ++i) {
    h = encoder_.input_blocks()[i](h, emb, input.context, context_of(Stage::input, i));
    h = patches.input_block(h, hooked_block(i));
    skips.push_back(h);
    h = patches.input_block_after_skip(h, hooked_block(i));
  }

  h = encoder_.middle(h, emb, input.context, context_of(Stage::middle, 0));
  if (input.control) h = with_control(h, input.control->middle);

  for (std::size_t i = 0; i < output_blocks_.size(); ++i) {
    const OutputBlock& block = output_blocks_[i];
    Tensor skip = skips.back();
    skips.pop_back();
    if (input.control) skip = with_control(skip, input.control->skips[skips.size()]);
    BlockJoin join = patches.output_block({.h = h, .skip = skip}, hooked_block(i));
    skip = {};
    h = ops::concat_channels(join.h, join.skip);
    join = {};  // gives the memory back before the block runs
    h = block.res(h, emb);
    if (block.transformer) {
      h = (*block.transformer)(h, input.context, context_of(Stage::output, i));
    }
    if (block.up) {
      h = (*block.up)(h, skips.back().dim(1), skips.back().dim(2));
    }
  }
  return conv_out_(norm_out_(h, true));
}

void Unet::OutputBlock::params(ParamVisitor& visit) {
  visit("0", res);
  if (transformer) visit("1", *transformer);
  if (up) visit(transformer ? "2.conv" : "1.conv", *up);
}

void Unet::params(ParamVisitor& visit) {
  encoder_.params(visit);
  visit.list("output_blocks", output_blocks_);
  visit("out.0", norm_out_);
  visit("out.2", conv_out_);
}

}  // namespace sagitta::models
