#include "sagitta/models/unet/encoder.h"

#include "sagitta/base/error.h"
#include "sagitta/ops/elementwise.h"

#include <cmath>

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

}  // namespace

std::int64_t UnetEncoder::embedding_width(const UnetSpec& spec) {
  return spec.model_channels * kTimeFactor;
}

std::optional<SpatialTransformer> make_transformer(const UnetSpec& spec, std::int64_t channels,
                                                   int depth) {
  if (depth == 0) return std::nullopt;
  return SpatialTransformer(channels, spec.context_width, spec.heads_for(channels), depth);
}

UnetEncoder::UnetEncoder(const UnetSpec& spec)
    : model_channels_(spec.model_channels), vector_width_(spec.vector_width) {
  const std::int64_t base = spec.model_channels;
  const std::int64_t embedding = embedding_width(spec);
  time_in_ = Linear(base, embedding);
  time_out_ = Linear(embedding, embedding);
  if (spec.vector_width > 0) {
    vector_in_.emplace(spec.vector_width, embedding);
    vector_out_.emplace(embedding, embedding);
  }

  std::int64_t channels = base;
  const auto add = [&](InputBlock block) {
    input_blocks_.push_back(std::move(block));
    skip_channels_.push_back(channels);
  };
  add({.conv_in = Conv3x3(spec.in_channels, base), .down = {}, .res = {}, .transformer = {}});
  for (std::size_t level = 0; level < spec.levels.size(); ++level) {
    const UnetSpec::Level& here = spec.levels[level];
    for (const int depth : here.input_depth) {
      ResBlock res(channels, here.channels, embedding);
      channels = here.channels;
      add({.conv_in = {},
           .down = {},
           .res = std::move(res),
           .transformer = make_transformer(spec, channels, depth)});
    }
    if (level + 1 < spec.levels.size()) {
      add({.conv_in = {},
           .down = Conv3x3(channels, channels, Conv3x3::Kind::halve),
           .res = {},
           .transformer = {}});
    }
  }

  middle_res1_ = ResBlock(channels, channels, embedding);
  middle_transformer_ = make_transformer(spec, channels, spec.middle_depth);
  middle_res2_ = ResBlock(channels, channels, embedding);
}

void UnetEncoder::params(ParamVisitor& visit) {
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
}

Tensor UnetEncoder::embed(Device& device, std::span<const float> timesteps,
                          const std::optional<Tensor>& vector) const {
  const Tensor sines = upload(device, timestep_embedding(timesteps, model_channels_));
  Tensor emb = time_out_(time_in_(sines, {.activation = Activation::silu}));
  if (vector_in_) {
    require(vector.has_value(), Fault::bad_input,
            "this model wants a vector conditioning of width {}, and there is none", vector_width_);
    const Tensor label = (*vector_in_)(*vector, {.activation = Activation::silu});
    emb = (*vector_out_)(label, {.residual = &emb});
  }
  return ops::activate(Activation::silu, emb);
}

Tensor UnetEncoder::middle(const Tensor& h, const Tensor& emb, const Tensor& context,
                           const AttnContext& ctx) const {
  Tensor out = middle_res1_(h, emb);
  if (middle_transformer_) out = (*middle_transformer_)(out, context, ctx);
  return middle_res2_(out, emb);
}

Tensor InputBlock::operator()(Tensor h, const Tensor& emb, const Tensor& context,
                              const AttnContext& ctx) const {
  if (conv_in) h = (*conv_in)(h);
  if (down) h = (*down)(h);
  if (res) h = (*res)(h, emb);
  if (transformer) h = (*transformer)(h, context, ctx);
  return h;
}

void InputBlock::params(ParamVisitor& visit) {
  if (conv_in) visit("0", *conv_in);
  if (down) visit("0.op", *down);
  if (res) visit("0", *res);
  if (transformer) visit("1", *transformer);
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
