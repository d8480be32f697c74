// Arithmetic that the samplers share. Coefficients are computed in double, arrays are float. Sigmas
// at which predictions are made or noise is drawn are computed in float, in upstream's order of
// operations: the network's whole timestep and the Brownian path's rounded time can hinge on the
// last bit.
#pragma once

#include "sagitta/diffusion/samplers/sampler.h"

#include <initializer_list>
#include <span>

namespace sagitta::sampling {

// One term of a linear combination.
struct Term {
  double factor;
  const Array& array;
};

// The sum of factor * array. A factor of exactly 0 leaves its array out, whatever it holds.
[[nodiscard]] Array combine(std::initializer_list<Term> terms);

// (x - denoised) / sigma: the noise in x, which is also dx/dsigma of the probability flow.
[[nodiscard]] Array direction(const Array& x, const Array& denoised, double sigma);

// A step from sigma to sigma_next as a deterministic step to `down` and fresh noise of size `up`.
struct AncestralStep {
  float down;
  float up;
};
// eta is the share of the noise that is fresh: 0 for none, 1 for all of DDPM's.
[[nodiscard]] AncestralStep ancestral_step(float sigma, float sigma_next, double eta);

// ln(alpha / sigma) of variance-exploding noise, in which the exponential integrators take steps.
[[nodiscard]] double half_log_snr(double sigma);

// The sigma at fraction r of the way from sigma to sigma_next (both positive), in log sigma.
[[nodiscard]] float sigma_between(float sigma, float sigma_next, double r);

// Tells run.on_step, if there is one, about step i.
void report(const SamplerRun& run, std::size_t i, const Array& x, const Array& denoised);

// Counters of predictions for the table: so many per step, but one for a step down to 0.
[[nodiscard]] int one_call_per_step(std::span<const float> sigmas);
[[nodiscard]] int two_calls_per_step(std::span<const float> sigmas);
[[nodiscard]] int three_calls_per_step(std::span<const float> sigmas);

}  // namespace sagitta::sampling
