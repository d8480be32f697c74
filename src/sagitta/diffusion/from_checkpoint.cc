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

}  // namespace sagitta
