// Guider: a model, the conditionings that it is evaluated on, and the rule that makes one guided
// prediction of their predictions. It is what the node graph calls GUIDER; a sampling run takes one.
#pragma once

#include "sagitta/diffusion/denoise.h"

#include <functional>

namespace sagitta {

// One guided prediction at x; asks the denoiser for what it needs.
using GuidanceRule = std::function<Guided(Denoiser& denoiser, const Array& x, float sigma)>;

struct Guider {
  Model model;
  Conditioning positive;
  Conditioning negative = {};
  Conditioning further = {};  // of guiders with three conditionings
  float cfg = 1;
  GuidanceRule rule = {};  // empty: classifier-free guidance at `cfg`
};

// Classifier-free guidance: uncond + (cond - uncond) * cfg. At scale 1 the negative is not evaluated
// unless a hook of the model wants it.
[[nodiscard]] Guider cfg_guider(Model model, Conditioning positive, Conditioning negative, float cfg);

// The prediction of one conditioning as it is.
[[nodiscard]] Guider basic_guider(Model model, Conditioning conditioning);

// Two positive conditionings and a negative one:
//   regular  neg + (second - neg) * cfg_second + (first - second) * cfg_first
//   nested   neg + (second + (first - second) * cfg_first - neg) * cfg_second
// The hooks of the model act on the pair whose difference classifier-free guidance takes: second and
// neg, or first and second. Those that watch the attention of a negative conditioning see `second`.
enum class DualStyle { regular, nested };
struct DualScales {
  float first = 8;   // between the two positives
  float second = 8;  // between them and the negative
  DualStyle style = DualStyle::regular;
};
[[nodiscard]] Guider dual_cfg_guider(Model model, Conditioning first, Conditioning second,
                                     Conditioning negative, const DualScales& scales);

// Classifier-free guidance whose negative is predicted by another model. What changes the predictions
// before the formula is left out, and the model's hooks see no negative conditioning.
[[nodiscard]] Guider dual_model_guider(Model model, Model negative_model, Conditioning positive,
                                       Conditioning negative, float cfg);

}  // namespace sagitta
