#include "sagitta/models/unet/unet.h"

#include "sagitta/base/error.h"
#include "sagitta/ops/elementwise.h"
#include "sagitta/ops/layout.h"

#include <cmath>
#include <utility>

namespace sagitta::models {
namespace {

constexpr std::int64_t kTimeFactor = 4;

// exp of x <= 0 as the vector maths of upstream rounds it: a polynomial of degree 7 on the remainder
// of x / ln 2. At timestep 999 a frequency's last bit moves the embedding by 3e-5, so the exactly
// rounded exp is not the one that agrees.
float vector_exp(float x) {
  const float quotient = std::rint(x * 1.44269504F);
  float r = std::fma(quotient, -0.693145752F, x);
  r = std::fma(quotient, -1.42860677e-06F, r);
  float series = 1.98527618e-4F;
  for (const float next : {1.39304355e-3F, 8.33336078e-3F, 4.16664854e-2F, 1.66666672e-1F, 0.5F}) {
    series = std::fma(series, r, next);
  }
  return std::ldexp(1 + std::fma(r * r, series, r), static_cast<int>(quotient));
}

std::optional<SpatialTransformer> transformer(const UnetSpec& spec, std::int64_t channels,
                                              int depth) {
  if (depth == 0) return std::nullopt;
  return SpatialTransformer(channels, spec.context_width, spec.heads_for(channels), depth);
}

}  // namespace

Unet::Unet(UnetSpec spec) : spec_(std::move(spec)) {
  const std::int64_t base = spec_.model_channels;
  const std::int64_t embedding = base * kTimeFactor;
  time_in_ = Linear(base, embedding);
  time_out_ = Linear(embedding, embedding);
  if (spec_.vector_width > 0) {
    vector_in_.emplace(spec_.vector_width, embedding);
    vector_out_.emplace(embedding, embedding);
  }

  std::vector<std::int64_t> skips{base};
  input_blocks_.push_back({.conv_in = Conv3x3(spec_.in_channels, base), .down = {}, .res = {}, .transformer = {}});
  std::int64_t channels = base;
  for (std::size_t level = 0; level < spec_.levels.size(); ++level) {
    const UnetSpec::Level& here = spec_.levels[level];
    for (const int depth : here.input_depth) {
      input_blocks_.push_back({.conv_in = {},
                               .down = {},
                               .res = ResBlock(channels, here.channels, embedding),
                               .transformer = transformer(spec_, here.channels, depth)});
      channels = here.channels;
      skips.push_back(channels);
    }
    if (level + 1 < spec_.levels.size()) {
      input_blocks_.push_back({.conv_in = {},
                               .down = Conv3x3(channels, channels, Conv3x3::Kind::halve),
                               .res = {},
                               .transformer = {}});
      skips.push_back(channels);
    }
  }

  middle_res1_ = ResBlock(channels, channels, embedding);
  middle_transformer_ = transformer(spec_, channels, spec_.middle_depth);
  middle_res2_ = ResBlock(channels, channels, embedding);

  for (std::size_t level = spec_.levels.size(); level-- > 0;) {
    const UnetSpec::Level& here = spec_.levels[level];
    for (std::size_t i = 0; i < here.output_depth.size(); ++i) {
      require(!skips.empty(), Fault::bad_file, "the UNet has more output blocks than input blocks");
      const bool last = i + 1 == here.output_depth.size() && level > 0;
      output_blocks_.push_back({.res = ResBlock(channels + skips.back(), here.channels, embedding),
                                .transformer = transformer(spec_, here.channels, here.output_depth[i]),
                                .up = last ? std::optional<Conv3x3>(std::in_place, here.channels, here.channels)
                                           : std::nullopt});
      skips.pop_back();
      channels = here.channels;
    }
  }
  require(skips.empty(), Fault::bad_file, "the UNet has more input blocks than output blocks");
  norm_out_ = GroupNorm(channels, 1e-5F);
  conv_out_ = Conv3x3(channels, spec_.out_channels);
}

Tensor Unet::embed(const UnetInput& input) const {
  const Tensor sines =
      upload(input.x.device(), timestep_embedding(input.timesteps, spec_.model_channels));
  Tensor emb = time_out_(time_in_(sines, {.activation = Activation::silu}));
  if (vector_in_) {
    require(input.vector.has_value(), Fault::bad_input,
            "this model wants a vector conditioning of width {}, and there is none",
            spec_.vector_width);
    const Tensor label = (*vector_in_)(*input.vector, {.activation = Activation::silu});
    emb = (*vector_out_)(label, {.residual = &emb});
  }
  return ops::activate(Activation::silu, emb);  // every residual block begins with it
}

Tensor Unet::operator()(const UnetInput& input, const Patches& patches, const UnetPass& pass) const {
  require(input.x.rank() == 4 && input.x.dim(3) == spec_.in_channels, Fault::bad_input,
          "the UNet wants {} input channels, got a latent of shape {}", spec_.in_channels,
          to_string(input.x.shape()));
  require(input.context.rank() == 3 && input.context.dim(2) == spec_.context_width,
          Fault::bad_input,
          "the UNet wants a text conditioning of width {}, got {}: the text encoder belongs to "
          "another kind of model",
          spec_.context_width, to_string(input.context.shape()));
  const Tensor emb = embed(input);
  const auto context_of = [&](Stage stage, std::size_t block) {
    return AttnContext{.at = {.stage = stage, .block = static_cast<int>(block)},
                       .grid = {},
                       .input = {.rows = input.x.dim(1), .cols = input.x.dim(2)},
                       .patches = patches,
                       .pass = pass};
  };
  const auto hooked_block = [&](std::size_t block) {
    return UnetBlock{.index = static_cast<int>(block),
                     .model_channels = spec_.model_channels,
                     .pass = pass};
  };

  Tensor h = input.x;
  std::vector<Tensor> skips;
  for (std::size_t i = 0; i < input_blocks_.size(); ++i) {
    const InputBlock& block = input_blocks_[i];
    if (block.conv_in) h = (*block.conv_in)(h);
    if (block.down) h = (*block.down)(h);
    if (block.res) h = (*block.res)(h, emb);
    if (block.transformer) {
      h = (*block.transformer)(h, input.context, context_of(Stage::input, i));
    }
    h = patches.input_block(h, hooked_block(i));
    skips.push_back(h);
    h = patches.input_block_after_skip(h, hooked_block(i));
  }

  h = middle_res1_(h, emb);
  if (middle_transformer_) {
    h = (*middle_transformer_)(h, input.context, context_of(Stage::middle, 0));
  }
  h = middle_res2_(h, emb);

  for (std::size_t i = 0; i < output_blocks_.size(); ++i) {
    const OutputBlock& block = output_blocks_[i];
    BlockJoin join = patches.output_block({.h = h, .skip = skips.back()}, hooked_block(i));
    skips.pop_back();
    h = ops::concat_channels(join.h, join.skip);
    join = {};  // gives the memory back before the block runs
    h = block.res(h, emb);
    if (block.transformer) {
      h = (*block.transformer)(h, input.context, context_of(Stage::output, i));
    }
    if (block.up) {
      h = (*block.up)(ops::resize_nearest(h, skips.back().dim(1), skips.back().dim(2)));
    }
  }
  return conv_out_(norm_out_(h, true));
}

void Unet::InputBlock::params(ParamVisitor& visit) {
  if (conv_in) visit("0", *conv_in);
  if (down) visit("0.op", *down);
  if (res) visit("0", *res);
  if (transformer) visit("1", *transformer);
}

void Unet::OutputBlock::params(ParamVisitor& visit) {
  visit("0", res);
  if (transformer) visit("1", *transformer);
  if (up) visit(transformer ? "2.conv" : "1.conv", *up);
}

void Unet::params(ParamVisitor& visit) {
  visit("time_embed.0", time_in_);
  visit("time_embed.2", time_out_);
  if (vector_in_) {
    visit("label_emb.0.0", *vector_in_);
    visit("label_emb.0.2", *vector_out_);
  }
  visit.list("input_blocks", input_blocks_);
  visit("middle_block.0", middle_res1_);
  if (middle_transformer_) visit("middle_block.1", *middle_transformer_);
  visit(middle_transformer_ ? "middle_block.2" : "middle_block.1", middle_res2_);
  visit.list("output_blocks", output_blocks_);
  visit("out.0", norm_out_);
  visit("out.2", conv_out_);
}

Array timestep_embedding(std::span<const float> timesteps, std::int64_t width) {
  const std::int64_t half = width / 2;
  Array out({static_cast<std::int64_t>(timesteps.size()), width});
  for (std::size_t row = 0; row < timesteps.size(); ++row) {
    float* values = out.data() + static_cast<std::int64_t>(row) * width;
    for (std::int64_t i = 0; i < half; ++i) {
      const float exponent = -std::log(10000.0F) * static_cast<float>(i) / static_cast<float>(half);
      const float angle = timesteps[row] * vector_exp(exponent);
      values[i] = std::cos(angle);
      values[half + i] = std::sin(angle);
    }
  }
  return out;
}

}  // namespace sagitta::models
