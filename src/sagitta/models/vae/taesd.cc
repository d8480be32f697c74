#include "sagitta/models/vae/taesd.h"

#include "sagitta/ops/elementwise.h"

#include <initializer_list>
#include <string>
#include <type_traits>

namespace sagitta::models {
namespace {

constexpr float kSoftLimit = 3;

Tensor relu(const Tensor& x) { return ops::activate(Activation::relu, x); }

Tensor scaled(float factor, const Tensor& x) { return ops::axpby(factor, x, 0, x); }

template <class Resample>
std::vector<TaesdLevel<Resample>> make_levels(std::int64_t channels,
                                              std::initializer_list<std::size_t> blocks,
                                              const Resample& resample) {
  std::vector<TaesdLevel<Resample>> levels;
  for (const std::size_t count : blocks) {
    TaesdLevel<Resample> level;
    if (!levels.empty()) level.resample = resample;
    level.blocks.assign(count, TaesdBlock(channels));
    levels.push_back(std::move(level));
  }
  return levels;
}

// Names the levels from place `at` of the sequence; returns the place behind them. The decoder has
// an upsampling, which has no weights, before each convolution that changes the size.
template <class Resample>
int visit_levels(ParamVisitor& visit, const std::string& name,
                 std::vector<TaesdLevel<Resample>>& levels, int at) {
  constexpr bool kUpsampling = std::is_same_v<Resample, UpsampleConv>;
  const auto place = [&] { return name + "." + std::to_string(at++); };
  for (TaesdLevel<Resample>& level : levels) {
    if (level.resample) {
      if (kUpsampling) ++at;
      visit(place(), *level.resample);
    }
    for (TaesdBlock& block : level.blocks) visit(place(), block);
  }
  return at;
}

}  // namespace

TaesdBlock::TaesdBlock(std::int64_t channels)
    : conv1(channels, channels), conv2(channels, channels), conv3(channels, channels) {}

Tensor TaesdBlock::operator()(const Tensor& x) const {
  return relu(conv3(relu(conv2(relu(conv1(x)))), {.residual = &x}));
}

void TaesdBlock::params(ParamVisitor& visit) {
  visit("conv.0", conv1);
  visit("conv.2", conv2);
  visit("conv.4", conv3);
}

TaesdEncoder::TaesdEncoder(const VaeSpec& spec)
    : conv_in_(spec.image_channels, spec.channels),
      levels_(make_levels(spec.channels, {1, 3, 3, 3},
                          Conv3x3(spec.channels, spec.channels, Conv3x3::Kind::halve, false))),
      conv_out_(spec.channels, spec.latent_channels) {}

Tensor TaesdEncoder::operator()(const Tensor& image) const {
  Tensor h = conv_in_(image);
  for (const auto& level : levels_) {
    if (level.resample) h = (*level.resample)(h);
    for (const TaesdBlock& block : level.blocks) h = block(h);
  }
  return conv_out_(h);
}

void TaesdEncoder::params(ParamVisitor& visit) {
  const std::string name = "taesd_encoder";
  visit(name + ".0", conv_in_);
  const int last = visit_levels(visit, name, levels_, 1);
  visit(name + "." + std::to_string(last), conv_out_);
}

TaesdDecoder::TaesdDecoder(const VaeSpec& spec)
    : conv_in_(spec.latent_channels, spec.channels),
      levels_(make_levels(spec.channels, {3, 3, 3, 1}, UpsampleConv(spec.channels, false))),
      conv_out_(spec.channels, spec.image_channels) {}

Tensor TaesdDecoder::operator()(const Tensor& latent) const {
  const Tensor limited =
      scaled(kSoftLimit, ops::activate(Activation::tanh, scaled(1 / kSoftLimit, latent)));
  Tensor h = relu(conv_in_(limited));
  for (const auto& level : levels_) {
    if (level.resample) h = (*level.resample)(h, 2 * h.dim(1), 2 * h.dim(2));
    for (const TaesdBlock& block : level.blocks) h = block(h);
  }
  return conv_out_(h);
}

void TaesdDecoder::params(ParamVisitor& visit) {
  const std::string name = "taesd_decoder";  // place 0 is the soft limit, 2 the ReLU
  visit(name + ".1", conv_in_);
  const int last = visit_levels(visit, name, levels_, 3);
  visit(name + "." + std::to_string(last), conv_out_);
}

}  // namespace sagitta::models
