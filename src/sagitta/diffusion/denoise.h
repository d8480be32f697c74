// One guided prediction: conditionings are batched into network calls, their predictions blended by
// weight, and guidance applied with the hooks of the model.
#pragma once

#include "sagitta/diffusion/conditioning.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct DenoiseOptions {
  float cfg = 7;              // unless the model overrides it
  bool needs_uncond = false;  // the caller reads Guided::uncond
  int max_entries = 0;        // conditioning entries per network call; 0: as many as fit together
};

// Which list of a PreparedConditioning.
enum class PromptList { positive, negative, further };

struct Guided {
  Array denoised;  // (B, C, H, W)
  Array uncond;    // the negative prediction that guidance used; zeros if it was not evaluated
};

// CFG at this scale is the positive prediction alone.
[[nodiscard]] bool is_scale_one(float scale);

// The scale that holds at a sigma, where the guider states `cfg`.
[[nodiscard]] float cfg_scale_at(const Model& model, float cfg, float sigma);

class Denoiser {
 public:
  // All references must outlive the object.
  Denoiser(const Model& model, const PreparedConditioning& conditioning, RunScratch& scratch,
           const DenoiseOptions& options);

  // Classifier-free guidance. x: (B, C, H, W) with noise of standard deviation sigma.
  [[nodiscard]] Guided operator()(const Array& x, float sigma);

  // For guiders with a rule of their own: the predictions of several lists at once, each under a role
  // of its own.
  struct Ask {
    PromptList list = PromptList::positive;
    Role role = Role::cond;
  };
  [[nodiscard]] std::vector<Array> predict(std::span<const Ask> asks, const Array& x, float sigma);

  // The prediction of another model for a conditioning of its own, with the state of this run.
  [[nodiscard]] Array predict_with(const Model& model, const Conditioning& conditioning, Role role,
                                   const Array& x, float sigma);

  // uncond + (cond - uncond) * scale with the hooks of the model, to which the lists named here are the
  // positive and the negative conditioning.
  struct Pair {
    Predictions predictions;
    PromptList cond = PromptList::positive;
    PromptList uncond = PromptList::negative;
    bool has_uncond = true;    // it was evaluated
    bool pre_cfg = false;      // run the hooks that change the predictions before, too
  };
  [[nodiscard]] Guided guide(Pair pair, float scale, const Array& x, float sigma);

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const DenoiseOptions& options() const { return options_; }
  [[nodiscard]] bool has(PromptList list) const { return !entries(list).empty(); }

  // Network calls made so far.
  [[nodiscard]] int calls() const { return calls_; }

 private:
  struct Job;

  struct List {
    const std::vector<PreparedEntry>* entries = nullptr;
    Role role = Role::cond;
  };

  [[nodiscard]] const std::vector<PreparedEntry>& entries(PromptList list) const;
  // The entries that are active at a sigma, those that act elsewhere behind the others.
  [[nodiscard]] std::vector<Job> jobs_of(std::span<const List> lists, const Array& x,
                                          float sigma) const;
  // Predictions of several lists of entries at once, each under its role.
  [[nodiscard]] std::vector<Array> evaluate(std::span<const List> lists, const Array& x, float sigma,
                                            const Patches& patches);
  void require_same_size(const PreparedEntry& entry, const Array& x) const;
  [[nodiscard]] static Array with_concat(Array input, std::span<const Job* const> jobs);
  [[nodiscard]] Array call_network(std::span<const Job* const> jobs, const Array& x, float sigma,
                                   const Patches& patches);

  const Model& model_;
  const PreparedConditioning& conditioning_;
  RunScratch& scratch_;
  DenoiseOptions options_;
  ControlRunner controls_;
  int calls_ = 0;
};

}  // namespace sagitta
