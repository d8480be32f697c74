// One guided prediction: conditionings are batched into network calls, their predictions blended by
// weight, and guidance applied with the hooks of the model.
#pragma once

#include "sagitta/diffusion/conditioning.h"
#include "sagitta/diffusion/model.h"

namespace sagitta {

struct DenoiseOptions {
  float cfg = 7;
  bool needs_uncond = false;  // the caller reads Guided::uncond
  int max_entries = 0;        // conditioning entries per network call; 0: as many as fit together
};

struct Guided {
  Array denoised;  // (B, C, H, W)
  Array uncond;    // the negative prediction that guidance used; zeros if it was not evaluated
};

class Denoiser {
 public:
  // All references must outlive the object.
  Denoiser(const Model& model, const PreparedConditioning& conditioning, RunScratch& scratch,
           const DenoiseOptions& options);

  // x: (B, C, H, W) with noise of standard deviation sigma.
  [[nodiscard]] Guided operator()(const Array& x, float sigma);

  // Network calls made so far.
  [[nodiscard]] int calls() const { return calls_; }

 private:
  struct Job;

  // Predictions of several lists of entries at once, each under its role.
  [[nodiscard]] std::vector<Array> evaluate(std::span<const std::pair<Role, const std::vector<PreparedEntry>*>> lists,
                                            const Array& x, float sigma, const Patches& patches);
  [[nodiscard]] static Array with_concat(Array input, std::span<const Job* const> jobs);
  [[nodiscard]] Array call_network(std::span<const Job* const> jobs, const Array& x, float sigma,
                                   const Patches& patches);
  [[nodiscard]] Array predict(Role role, const std::vector<PreparedEntry>& entries, const Array& x,
                              float sigma, const Patches& patches);
  // Guidance with the model's hooks.
  [[nodiscard]] Guided guide(Predictions predictions, bool has_uncond, const Array& x, float sigma);

  const Model& model_;
  const PreparedConditioning& conditioning_;
  RunScratch& scratch_;
  DenoiseOptions options_;
  ControlRunner controls_;
  int calls_ = 0;
};

}  // namespace sagitta
