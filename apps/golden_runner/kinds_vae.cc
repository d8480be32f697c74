// The autoencoder: decoding, encoding, odd sizes, tiles.
#include "golden_runner/kinds.h"
#include "golden_runner/network.h"
#include "sagitta/base/rng.h"
#include "sagitta/core/layout.h"
#include "sagitta/diffusion/vae_tiled.h"

#include <algorithm>
#include <cmath>

namespace golden {
namespace {

using sagitta::Array;
using sagitta::Vae;

bool is_vae(const GoldenFile& file) {
  return file.folder == "vae" && !file.is_json() && file.has_prefix("latent");
}

// mean + deviation * noise, as older versions sampled it. moments: (B, 2 C, h, w).
Array sampled(const Array& moments, std::uint64_t seed) {
  const std::int64_t channels = moments.dim(1) / 2;
  Array out({moments.dim(0), channels, moments.dim(2), moments.dim(3)});
  sagitta::TorchRng(seed).randn(out.values());
  const std::int64_t item = static_cast<std::int64_t>(out.size()) / out.dim(0);
  for (std::int64_t b = 0; b < out.dim(0); ++b) {
    const float* mean = moments.data() + 2 * b * item;
    for (std::int64_t i = 0; i < item; ++i) {
      const float deviation = std::exp(0.5F * std::clamp(mean[item + i], -30.0F, 20.0F));
      float& value = out.data()[b * item + i];
      value = mean[i] + deviation * value;
    }
  }
  return out;
}

sagitta::TileParams tiles_of(const GoldenFile& file, const char* key) {
  const sagitta::Json params = field<sagitta::Json>(file.params(), key);
  return {.width = field<std::int64_t>(params, "tile_x"),
          .height = field<std::int64_t>(params, "tile_y"),
          .overlap = field<std::int64_t>(params, "overlap")};
}

void check_vae(const GoldenFile& file, Context& context, Report& report) {
  const Vae vae = vae_of(file, context);
  const auto compare = [&](const std::string& name, const auto& make) {
    if (!file.has(name)) return;
    report.attempt(
        name, [&] { report.check(name, make(), file.array(name), file.tolerances().of(name)); });
  };
  for (int i = 0; file.has(fmt::format("latent{}", i)); ++i) {
    const Array latent = file.array(fmt::format("latent{}", i));
    compare(fmt::format("decoder_raw{}", i),
            [&] { return to_channels_first(decode_raw(vae, latent)); });
    compare(fmt::format("image{}", i), [&] { return decode(vae, latent); });
  }
  if (file.has("pixels")) {
    const Array pixels = file.array("pixels");
    const Array moments = to_channels_first(encode_moments(vae, pixels));
    compare("moments", [&] { return moments; });
    compare("encoded", [&] { return encode(vae, pixels); });
    for (const auto& [name, tensor] : file.tensors) {
      constexpr std::string_view kSampled = "encoded_sampled_seed";
      if (!name.starts_with(kSampled)) continue;
      const std::uint64_t seed = std::stoull(name.substr(kSampled.size()));
      compare(name, [&] { return sampled(moments, seed); });
    }
  }
  if (file.has("pixels_odd")) {
    compare("encoded_odd", [&] { return encode(vae, file.array("pixels_odd")); });
  }
  if (file.has("tiled_latent")) {
    compare("untiled_image", [&] { return decode(vae, file.array("tiled_latent")); });
  }
  compare("tiled_image", [&] {
    return decode_tiled(vae, file.array("tiled_latent"), tiles_of(file, "tiled_decode"));
  });
  compare("tiled_encoded", [&] {
    return encode_tiled(vae, file.array("tiled_pixels"), tiles_of(file, "tiled_encode"));
  });
}

}  // namespace

const Kind kVaeKind{.name = "autoencoder", .matches = is_vae, .run = check_vae};

}  // namespace golden
