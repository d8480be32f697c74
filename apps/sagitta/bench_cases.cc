#include "bench_cases.h"

#include "sagitta/base/error.h"
#include "sagitta/base/rng.h"
#include "sagitta/diffusion/from_checkpoint.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/sample.h"
#include "sagitta/models/clip/text_model.h"
#include "sagitta/models/presets.h"
#include "sagitta/models/random_weights.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/models/vae/vae.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sagitta::cli {
namespace {

constexpr std::int64_t kCellPixels = 8;
constexpr std::int64_t kTokens = 77;

Array random_array(Shape shape) {
  Array array(std::move(shape));
  TorchRng(1).randn(array.values());
  return array;
}

template <class Network, class Spec>
std::shared_ptr<Network> random_network(Device& device, const Spec& spec) {
  auto network = std::make_shared<Network>(spec);
  models::RandomWeights weights(&device, 1);
  network->params(weights);
  device.memory().trim();  // values on their way into weights are gone
  return network;
}

BenchCase unet_case(Device& device, const models::Preset& preset, const BenchSize& size) {
  const models::UnetSpec& spec = preset.model.unet;
  const auto unet = random_network<models::Unet>(device, spec);
  const std::int64_t side = size.pixels / kCellPixels;
  const auto tensor = [&](Shape shape) { return upload(device, random_array(std::move(shape))); };
  models::UnetInput input{
      .x = tensor({size.batch, side, side, spec.in_channels}),
      .timesteps = std::vector<float>(static_cast<std::size_t>(size.batch), 500),
      .context = tensor({size.batch, kTokens, spec.context_width}),
      .vector = {}};
  if (spec.vector_width > 0) input.vector = tensor({size.batch, spec.vector_width});
  return {.name = fmt::format("{} UNet {} batch {}", preset.name, size.pixels, size.batch),
          .work = [unet, input] { static_cast<void>(download((*unet)(input))); },
          .without = {}};
}

// One prediction of a run, as a sampler makes it, without SAG and with it.
BenchCase step_case(Device& device, const models::Preset& preset, const BenchSize& size) {
  const models::UnetSpec& spec = preset.model.unet;
  const Model model = make_model(device, preset.model, random_network<models::Unet>(device, spec));
  ConditioningEntry prompt{
      .context = std::make_shared<const Array>(random_array({1, kTokens, spec.context_width}))};
  if (spec.vector_width > 0) {
    // What SDXL has beside its pooled text: six numbers in 256 values each.
    constexpr std::int64_t kSizes = 6 * 256;
    prompt.pooled = std::make_shared<const Array>(random_array({1, spec.vector_width - kSizes}));
  }
  const std::int64_t side = size.pixels / kCellPixels;
  const Latent latent{.samples = Array({1, spec.in_channels, side, side})};
  const auto step = [=](const Model& guided) {
    return [=] {
      static_cast<void>(sample(guided, {prompt}, {prompt}, latent,
                               {.scheduler = "normal", .steps = 1, .cfg = 7}));
    };
  };
  return {.name = fmt::format("{} CFG + SAG step {}", preset.name, size.pixels),
          .work = step(with_sag(model, SagParams{})),
          .without = step(model)};
}

BenchCase vae_case(Device& device, const models::Preset& preset, const BenchSize& size) {
  const auto decoder = random_network<models::VaeDecoder>(device, preset.vae);
  const std::int64_t side = size.pixels / preset.vae.downscale();
  const Tensor latent = upload(device, random_array({1, side, side, preset.vae.latent_channels}));
  return {.name = fmt::format("VAE decode {}", size.pixels),
          .work = [decoder, latent] { static_cast<void>(download((*decoder)(latent))); },
          .without = {}};
}

BenchCase clip_case(Device& device, const models::ClipSpec& spec) {
  const auto encoder = random_network<models::ClipTextModel>(device, spec);
  const Array embedded = random_array({2, spec.positions, spec.width});
  return {.name = fmt::format("{} of width {}, 2 prompts", spec.key, spec.width),
          .work = [encoder, embedded, &device] { static_cast<void>((*encoder)(device, embedded)); },
          .without = {}};
}

// Every text encoder of the presets, once.
std::vector<BenchMaker> clip_makers() {
  std::vector<BenchMaker> makers;
  std::vector<std::int64_t> widths;
  for (const models::Preset& preset : models::presets()) {
    for (const models::Preset::Text& text : preset.text) {
      if (std::find(widths.begin(), widths.end(), text.spec.width) != widths.end()) continue;
      widths.push_back(text.spec.width);
      makers.push_back([spec = text.spec](Device& device, const BenchSize& /*size*/) {
        return clip_case(device, spec);
      });
    }
  }
  return makers;
}

}  // namespace

std::string bench_archs() {
  std::string names;
  for (const models::Preset& preset : models::presets()) names += fmt::format("{}, ", preset.name);
  return names + "vae, clip";
}

std::vector<BenchMaker> bench_makers(std::string_view arch, bool sag) {
  if (arch == "clip") return clip_makers();
  if (arch == "vae") {
    return {[](Device& device, const BenchSize& size) {
      return vae_case(device, models::presets().front(), size);
    }};
  }
  for (const models::Preset& preset : models::presets()) {
    if (preset.name != arch) continue;
    std::vector<BenchMaker> makers{[&preset](Device& device, const BenchSize& size) {
      return unet_case(device, preset, size);
    }};
    if (sag) {
      makers.push_back([&preset](Device& device, const BenchSize& size) {
        return step_case(device, preset, size);
      });
    }
    return makers;
  }
  throw Error(Fault::bad_input,
              fmt::format("--arch: '{}' is not known, expected one of {}", arch, bench_archs()));
}

}  // namespace sagitta::cli
