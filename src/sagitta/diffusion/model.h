// Model: a network with shared weights and the hooks that make this copy special. It is what the
// node graph calls MODEL. Cheap to copy; nothing in it is changed after it was made.
#pragma once

#include "sagitta/core/array.h"
#include "sagitta/diffusion/model_sampling.h"
#include "sagitta/models/network.h"
#include "sagitta/models/unet/unet.h"
#include "sagitta/nn/patches.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace sagitta {

struct ConditioningEntry;
struct SagTrace;  // guidance/sag.h

// Sees what Self-Attention Guidance did in an evaluation; changes nothing.
using SagObserver = std::function<void(const SagTrace&)>;

// One guided evaluation as the hooks around classifier-free guidance see it. All predictions are
// denoised latents (B, C, H, W).
struct CfgState {
  const Array& x;        // the noisy latent
  float sigma;
  float scale;           // of classifier-free guidance
  const ModelSampling& sampling;
  const Array& cond;
  const Array& uncond;   // zeros if it was not evaluated
  bool has_uncond;       // false at scale 1, unless somebody wants it, and without any negative
  const Array& result;   // what the guidance has come to so far; empty before it is applied
  const Patches& patches;
  RunScratch& scratch;
  const std::vector<SagObserver>& sag_observers;
  // One more network pass on x: with the negative conditioning for the role `degraded` (or
  // `uncond`), the positive one otherwise.
  std::function<Array(Role role, const Array& x, const Patches& patches)> denoise;
  // The same with a conditioning that belongs to the hook; in the role `extra`.
  std::function<Array(const std::vector<ConditioningEntry>& conditioning, const Array& x,
                      const Patches& patches)>
      denoise_with;
};
struct Predictions {
  Array cond;
  Array uncond;
};
// Returns what takes the place of cond and uncond, for all that follows.
using PreCfgFn = std::function<Predictions(const CfgState&)>;
// Takes the place of uncond + (cond - uncond) * scale.
using CfgFn = std::function<Array(const CfgState&)>;
// Returns the new result.
using PostCfgFn = std::function<Array(const CfgState&)>;

// Inpainting: the mask (B, C, H, W) that holds at a sigma of a run over `sigmas`, given the one that
// was painted.
using NoiseMaskFn = std::function<Array(const Array& mask, float sigma, std::span<const float> sigmas)>;

// Another scale of classifier-free guidance while sigma_end <= sigma <= sigma_start.
struct CfgOverride {
  float cfg = 1;
  double sigma_start = 0;
  double sigma_end = 0;
};

struct Model {
  Device* device = nullptr;
  models::Network<models::Unet> unet;
  ModelSampling sampling;
  float latent_scale = 1;  // latents are multiplied by it on their way into a run

  Patches patches = {};
  std::vector<PreCfgFn> pre_cfg = {};    // run in order
  CfgFn cfg = {};                        // none: the plain formula; there can be one only
  std::vector<PostCfgFn> post_cfg = {};  // run in order
  std::vector<SagObserver> sag_observers = {};
  HookId insight = {};                   // of the hook that records runs; null: none does
  bool needs_uncond = false;             // a hook wants the negative prediction even at CFG scale 1
  std::vector<CfgOverride> cfg_overrides = {};  // the last one whose range fits counts
  NoiseMaskFn noise_mask = {};                  // empty: the mask holds as it is
};

}  // namespace sagitta
