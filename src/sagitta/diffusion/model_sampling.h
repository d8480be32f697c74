// ModelSampling: how a network's noise levels, its timesteps and its output hang together. It is
// plain data made by one of the functions below and belongs to a model; nothing else in the program
// asks how a model was trained. Sigmas are standard deviations of noise relative to data.
#pragma once

#include "sagitta/core/array.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sagitta {

// What the network's output stands for. With x the noisy input, s sigma, o the output, d sigma_data
// and r = sqrt(s^2 + d^2), the denoised image D is
enum class PredictionType {
  eps,           // x - s o                      (noise)
  v_prediction,  // x d^2 / r^2 - o s d / r      (Salimans and Ho 2022)
  edm,           // x d^2 / r^2 + o s d / r      (Karras et al. 2022)
  x0,            // o
  lcm,           // c_out (x - s o) + c_skip x, the boundary scalings of Luo et al. 2023
  cosmos_rflow,  // x (1 - u) - o u with u = s / (s + 1)
  img_to_img,    // o, and the network sees x unscaled
};

// How timesteps are spaced over sigmas.
enum class SigmaSpacing {
  table,  // a timestep is an index into the table
  edm,    // t = ln(s) / 4
  angle,  // t = 2 atan(s) / pi
};

struct ModelSampling {
  PredictionType prediction = PredictionType::eps;
  SigmaSpacing spacing = SigmaSpacing::table;
  float sigma_data = 1;
  std::vector<float> sigmas{};      // ascending
  std::vector<float> log_sigmas{};  // of sigmas, as float
  // Network timesteps per entry of the table: 1, or 20 for the 50 steps of a distilled model.
  int timestep_stride = 1;

  [[nodiscard]] float sigma_min() const { return sigmas.front(); }
  [[nodiscard]] float sigma_max() const { return sigmas.back(); }

  // The network's timestep for a sigma; for tables that of the nearest entry in log sigma (the
  // first on ties).
  [[nodiscard]] float timestep(float sigma) const;
  // The sigma of a timestep; between table entries linear in log sigma, outside clamped. Throws
  // bad_input for NaN.
  [[nodiscard]] float sigma(float timestep) const;
  // The sigma at which `percent` (0..1) of the sampling is done; 999999999.9 at 0, 0 at 1.
  [[nodiscard]] double percent_to_sigma(double percent) const;
  // The part of the sampling (0..1) that is done at a sigma: the inverse of percent_to_sigma, for
  // tables to the nearest entry.
  [[nodiscard]] double percent_of(float sigma) const;

  // The network's input for noisy x of shape (B, ...), with one sigma per row.
  [[nodiscard]] Array calculate_input(std::span<const float> sigma, const Array& x) const;
  // The denoised prediction D from the network's output; output and x have the same shape.
  [[nodiscard]] Array calculate_denoised(std::span<const float> sigma, const Array& output,
                                         const Array& x) const;
  // The start of sampling at `sigma`: noise scaled and added to the latent. `max_denoise` says that
  // sigma is the top of the schedule, where the latent's share of the variance must not be missing.
  [[nodiscard]] Array noise_scaling(float sigma, const Array& noise, const Array& latent,
                                    bool max_denoise = false) const;
  // True if a run that starts at `sigma` starts from the top: it reaches sigma_max, or to 1e-5 of
  // it.
  [[nodiscard]] bool is_max_denoise(float sigma) const;
};

// The noise schedule of Stable Diffusion: betas linear in their square roots over `timesteps`
// steps.
struct DiscreteParams {
  double beta_start = 0.00085;
  double beta_end = 0.012;
  int timesteps = 1000;
  // Shifts and scales sqrt(alpha_bar) so that the last step is (almost) pure noise and the first is
  // kept (Lin et al. 2023).
  bool zero_terminal_snr = false;
};

// A table of sigmas. For lcm, which is distilled to 50 steps, every 20th entry is kept.
[[nodiscard]] ModelSampling discrete_sampling(PredictionType prediction,
                                              const DiscreteParams& params = {});

// A table of any ascending positive sigmas (bad_input otherwise).
[[nodiscard]] ModelSampling table_sampling(PredictionType prediction,
                                           const std::vector<float>& sigmas);

// Continuous sigmas in [sigma_min, sigma_max], 0 < sigma_min < sigma_max (bad_input otherwise).
// sigma_data is 0.5 for edm and 1 for every other prediction.
[[nodiscard]] ModelSampling continuous_edm_sampling(PredictionType prediction, double sigma_min,
                                                    double sigma_max);
[[nodiscard]] ModelSampling continuous_v_sampling(double sigma_min, double sigma_max);

}  // namespace sagitta
