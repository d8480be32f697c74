#include "sagitta/diffusion/samplers/sa_solver.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"
#include "sagitta/diffusion/samplers/linear_system.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

namespace sagitta::sampling {
namespace {

// One step in log sigma from `from` to `to`, with the strength tau of its noise.
struct AdamsStep {
  double from;
  double to;
  double tau;

  [[nodiscard]] double h() const { return to - from; }
  [[nodiscard]] double rate() const { return 1 + tau * tau; }
  // Factor on the state: the noise that will be replaced is removed as well.
  [[nodiscard]] double kept() const { return std::exp(-rate() * h()); }
};

// rate * the integral of exp(rate (s - h)) s^p ds over [0, h], where s counts from step.from, for p
// below `count`; by parts each power follows from the one below.
std::vector<double> exponential_moments(const AdamsStep& step, std::size_t count) {
  std::vector<double> moments{-std::expm1(-step.rate() * step.h())};
  for (std::size_t p = 1; p < count; ++p) {
    const auto power = static_cast<double>(p);
    moments.push_back(std::pow(step.h(), power) - power / step.rate() * moments.back());
  }
  return moments;
}

// Weights of the predictions at the points `at` (log sigmas, the newest first): exact where the
// data are a polynomial through them.
std::vector<double> adams_weights(const AdamsStep& step, const std::vector<double>& at) {
  std::vector<std::vector<double>> powers;
  for (std::size_t p = 0; p < at.size(); ++p) {
    std::vector<double>& row = powers.emplace_back();
    for (const double point : at) row.push_back(std::pow(point - step.from, p));
  }
  return solve(std::move(powers), exponential_moments(step, at.size()));
}

// The second-order weights of the paper's appendix D, which need no integral of the slope.
std::vector<double> simple_weights(const AdamsStep& step, const std::vector<double>& at,
                                   bool corrector) {
  const double all = -std::expm1(-step.rate() * step.h());
  if (corrector) {
    const double newest = 0.5 * step.rate() * step.h();
    return {newest, all - newest};
  }
  const double older = 0.5 * step.rate() * step.h() * step.h() / (at[1] - step.from);
  return {all - older, older};
}

class SaSolver {
 public:
  SaSolver(const SamplerRun& run, const SaSolverParams& params)
      : run_(run),
        params_(params),
        start_sigma_(run.model_sampling.percent_to_sigma(params.sde_start_percent)),
        end_sigma_(run.model_sampling.percent_to_sigma(params.sde_end_percent)) {
    for (const float sigma : run.sigmas) lambdas_.push_back(half_log_snr(sigma));
  }

  Array sample(Array x) {
    const auto& sigmas = run_.sigmas;
    StepNoise fresh(run_.seed, x.shape());
    Array predicted = x;
    Array noise;  // of the last predictor step; empty if it had none
    AdamsStep step{.from = 0, .to = 0, .tau = 0};
    for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
      const Array denoised = run_.denoise(predicted, sigmas[i]).denoised;
      report(run_, i, predicted, denoised);
      remember(denoised);
      const std::size_t corrector_order = corrector_order_at(i);
      if (corrector_order == 0) {
        x = std::move(predicted);
      } else {
        x = advance(x, step, i, corrector_order, true);
        if (!noise.empty()) x += noise;
        if (params_.use_pece) predictions_.front() = run_.denoise(x, sigmas[i]).denoised;
      }

      if (sigmas[i + 1] == 0) {
        predicted = predictions_.front();
        continue;
      }
      step = {.from = lambdas_[i], .to = lambdas_[i + 1], .tau = tau_at(sigmas[i + 1])};
      predicted = advance(x, step, i, predictor_order_at(i), false);
      noise = Array();
      if (step.tau > 0 && params_.s_noise > 0) {
        const double variance = -std::expm1(-2 * step.tau * step.tau * step.h());
        noise = combine({{params_.s_noise * sigmas[i + 1] * std::sqrt(variance), fresh()}});
        predicted += noise;
      }
    }
    return predicted;
  }

 private:
  [[nodiscard]] double tau_at(double sigma) const {
    return sigma <= start_sigma_ && sigma >= end_sigma_ ? std::max(params_.eta, 0.0) : 0;
  }

  // Orders fall towards the end of a run to 0, for stability.
  [[nodiscard]] std::size_t lowered(std::size_t order, std::size_t steps_left) const {
    return run_.sigmas.back() == 0 ? std::min(order, steps_left) : order;
  }
  [[nodiscard]] std::size_t predictor_order_at(std::size_t i) const {
    const auto order = static_cast<std::size_t>(params_.predictor_order);
    return lowered(std::min(order, predictions_.size()), run_.sigmas.size() - 2 - i);
  }
  [[nodiscard]] std::size_t corrector_order_at(std::size_t i) const {
    if (i == 0 || (run_.sigmas[i + 1] == 0 && !params_.use_pece)) return 0;
    const auto order = static_cast<std::size_t>(params_.corrector_order);
    return lowered(std::min(order, predictions_.size()), run_.sigmas.size() - 1 - i);
  }

  void remember(const Array& denoised) {
    predictions_.push_front(denoised);
    const auto most =
        static_cast<std::size_t>(std::max(params_.predictor_order, params_.corrector_order));
    if (predictions_.size() > most) predictions_.pop_back();
  }

  // x taken over the step with the newest `order` predictions, the newest of which is at
  // lambdas_[i].
  [[nodiscard]] Array advance(const Array& x, const AdamsStep& step, std::size_t i,
                              std::size_t order, bool corrector) const {
    std::vector<double> at;
    for (std::size_t k = 0; k < order; ++k) at.push_back(lambdas_[i - k]);
    const std::vector<double> weights = params_.simple_order_2 && order == 2
                                            ? simple_weights(step, at, corrector)
                                            : adams_weights(step, at);
    Array result = combine({{step.kept(), x}});
    for (std::size_t k = 0; k < order; ++k) {
      result = combine({{1, result}, {weights[k], predictions_[k]}});
    }
    return result;
  }

  const SamplerRun& run_;
  const SaSolverParams& params_;
  double start_sigma_;
  double end_sigma_;
  std::vector<double> lambdas_;
  std::deque<Array> predictions_;  // the newest first
};

}  // namespace

Array sa_solver(const SamplerRun& run, Array x, const SaSolverParams& params) {
  require(params.predictor_order >= 1 && params.predictor_order <= 6, Fault::bad_input,
          "predictor_order must lie in 1..6, got {}", params.predictor_order);
  require(params.corrector_order >= 0 && params.corrector_order <= 6, Fault::bad_input,
          "corrector_order must lie in 0..6, got {}", params.corrector_order);
  if (run.sigmas.size() < 2) return x;
  return SaSolver(run, params).sample(std::move(x));
}

int sa_solver_pece_calls(std::span<const float> sigmas) {
  return sigmas.size() < 2 ? 0 : 2 * static_cast<int>(sigmas.size()) - 3;
}

}  // namespace sagitta::sampling
