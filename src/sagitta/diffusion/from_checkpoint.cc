#include "sagitta/diffusion/from_checkpoint.h"

#include <utility>

namespace sagitta {

Model make_model(Device& device, const models::ModelSpec& spec,
                 models::Network<models::Unet> unet) {
  const auto prediction = spec.prediction == models::Prediction::v ? PredictionType::v_prediction
                                                                    : PredictionType::eps;
  return {.device = &device,
          .unet = std::move(unet),
          .sampling = discrete_sampling(prediction, {.zero_terminal_snr = spec.zero_terminal_snr}),
          .latent_scale = spec.latent_scale};
}

std::optional<Vae> make_vae(Device& device, const models::Checkpoint& checkpoint) {
  if (!checkpoint.vae_decoder) return std::nullopt;
  return Vae{.device = &device,
             .spec = *checkpoint.vae_spec,
             .encoder = checkpoint.vae_encoder,
             .decoder = checkpoint.vae_decoder,
             .weights = checkpoint.vae_weights};
}

std::optional<Clip> make_clip(Device& device, const models::Checkpoint& checkpoint) {
  if (checkpoint.text.empty()) return std::nullopt;
  return Clip{.device = &device,
              .encoders = checkpoint.text,
              .tokenizer = std::make_shared<const text::ClipTokenizer>(text::clip_tokenizer())};
}

}  // namespace sagitta
