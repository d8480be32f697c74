// Self-Attention Guidance with everything that other systems and their users have asked for. The
// defaults are the plain method, to the bit.
#pragma once

#include "sagitta/base/fields.h"
#include "sagitta/diffusion/guidance/sag.h"

#include <string>

namespace sagitta {

struct SagOptions {
  static constexpr int kAutoKernel = 0;
  static constexpr std::string_view kDegradeChoices[] = {"uncond", "cond"};
  static constexpr std::string_view kMaskChoices[] = {"hard", "soft"};
  static constexpr std::string_view kUpsamplingChoices[] = {"nearest", "bilinear"};
  static constexpr std::string_view kSpaceChoices[] = {"x0", "output"};
  static constexpr std::string_view kEconomyChoices[] = {"exact", "balanced", "fast"};

  float scale = SagParams{}.scale;
  float blur_sigma = SagParams{}.blur_sigma;
  float threshold = 1.0F;
  double start_percent = 0;
  double end_percent = 1;
  std::string layers = "m0.0";
  std::string degrade = "uncond";
  int kernel_size = 9;
  std::string mask = "hard";
  std::string mask_upsampling = "nearest";
  std::string scale_schedule = {};
  std::string space = "x0";
  std::string economy = "exact";

  static constexpr auto fields() {
    constexpr auto kPlain = SagParams::fields();
    return std::tuple{
        field("scale", &SagOptions::scale, std::get<0>(kPlain).range, std::get<0>(kPlain).tip),
        field("blur_sigma", &SagOptions::blur_sigma, std::get<1>(kPlain).range, std::get<1>(kPlain).tip),
        field("threshold", &SagOptions::threshold, {.min = 0, .max = 4, .step = 0.01},
              "Received attention above which a place is blurred; the average is 1."),
        field("start_percent", &SagOptions::start_percent, {.min = 0, .max = 1, .step = 0.001},
              "Part of the schedule after which the guidance begins."),
        field("end_percent", &SagOptions::end_percent, {.min = 0, .max = 1, .step = 0.001},
              "Part of the schedule after which the guidance ends."),
        field("layers", &SagOptions::layers, {},
              "Attention layers whose maps are averaged: d0, d1... down, m0 in the middle, u0, u1... up; .0 is "
              "the first transformer of a block."),
        field("degrade", &SagOptions::degrade, {.choices = kDegradeChoices},
              "The prediction that is blurred: of the negative prompt, or of the positive one, which "
              "needs no negative at CFG scale 1."),
        field("kernel_size", &SagOptions::kernel_size, {.min = 0, .max = 99, .step = 1},
              "Taps of the blur, an odd number; 0 fits them to blur_sigma."),
        field("mask", &SagOptions::mask, {.choices = kMaskChoices},
              "hard: above the threshold or not. soft: a smooth step around it."),
        field("mask_upsampling", &SagOptions::mask_upsampling, {.choices = kUpsamplingChoices},
              "How the attention map comes to the size of the latent."),
        field("scale_schedule", &SagOptions::scale_schedule, {},
              "Factors on the scale over the schedule, such as 0:0, 0.3:1, 1:0.2; empty for none."),
        field("space", &SagOptions::space, {.choices = kSpaceChoices},
              "Where the difference is taken: in the denoised picture, as ComfyUI does, or in the "
              "network's output, as diffusers does. They differ for v-prediction only."),
        field("economy", &SagOptions::economy, {.choices = kEconomyChoices},
              "exact: a degraded pass for each evaluation. balanced: for every second one, fast: for "
              "every fourth one; the push is kept in units of the noise between them.")};
  }
};

// Adds the method to a model, as with_sag(model, SagParams) does. Throws bad_input for layers that the
// model has not (naming those it has), an even kernel_size, or an unreadable scale_schedule.
//
// The method of the paper, without classifier-free guidance: degrade = cond at CFG scale 1, which
// evaluates the network twice per step.
[[nodiscard]] Model with_advanced_sag(Model model, const SagOptions& options);

}  // namespace sagitta
