#include "sagitta/diffusion/vector_conditioning.h"

#include "sagitta/base/error.h"
#include "sagitta/models/unet/unet.h"

#include <vector>

namespace sagitta {

Array vector_conditioning(const Array& pooled, const SizeConditioning& sizes, std::int64_t width,
                          bool negative) {
  constexpr std::int64_t kEmbedding = 256;
  constexpr std::int64_t kRefinerValues = 5;
  constexpr std::int64_t kBaseValues = 6;
  std::vector<float> values{static_cast<float>(sizes.height), static_cast<float>(sizes.width),
                            static_cast<float>(sizes.crop_h), static_cast<float>(sizes.crop_w)};
  const std::int64_t room = width - static_cast<std::int64_t>(pooled.size());
  require(room == kRefinerValues * kEmbedding || room == kBaseValues * kEmbedding, Fault::bad_input,
          "the model wants a vector conditioning of {}, which a pooled text of {} does not fill: the "
          "text encoder belongs to another kind of model",
          width, pooled.size());
  if (room == kRefinerValues * kEmbedding) {
    values.push_back(sizes.aesthetic_score.value_or(negative ? 2.5F : 6.0F));
  } else {
    values.push_back(static_cast<float>(sizes.target_height));
    values.push_back(static_cast<float>(sizes.target_width));
  }
  const Array embedded = models::timestep_embedding(values, kEmbedding);
  std::vector<float> all(pooled.values().begin(), pooled.values().end());
  all.insert(all.end(), embedded.values().begin(), embedded.values().end());
  return {{1, width}, std::move(all)};
}

}  // namespace sagitta
