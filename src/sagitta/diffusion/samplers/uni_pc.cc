#include "sagitta/diffusion/samplers/uni_pc.h"

#include "sagitta/diffusion/samplers/common.h"
#include "sagitta/diffusion/samplers/linear_system.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <vector>

namespace sagitta::sampling {
namespace {

constexpr std::size_t kMaxOrder = 3;
constexpr float kLastSigma = 0.001F;

// One step of a given order from sigmas[i] to sigmas[i + 1], in log sigma. `predictions` are those
// at sigmas[i], sigmas[i - 1]... The updates are those of the paper for x0 predictions.
class UniPcStep {
 public:
  UniPcStep(const std::vector<float>& sigmas, std::size_t i, std::size_t order,
            UniPcVariant variant)
      : order_(order), kept_(static_cast<double>(sigmas[i + 1]) / sigmas[i]) {
    const double lambda = half_log_snr(sigmas[i]);
    const double h = half_log_snr(sigmas[i + 1]) - lambda;
    for (std::size_t k = 1; k < order; ++k) {
      ratios_.push_back((half_log_snr(sigmas[i - k]) - lambda) / h);
    }
    const double expm1_h = std::expm1(-h);
    scale_ = variant == UniPcVariant::bh1 ? -h : expm1_h;
    // g_k = k! h phi_(k+1)(-h) / B(h)
    double phi = expm1_h / -h - 1;
    double factorial = 1;
    for (std::size_t k = 1; k <= order; ++k) {
      moments_.push_back(phi * factorial / scale_);
      factorial *= static_cast<double>(k + 1);
      phi = phi / -h - 1 / factorial;
    }
  }

  [[nodiscard]] Array predict(const Array& x, const std::deque<Array>& predictions) const {
    std::vector<double> weights;
    if (order_ == 2) weights = {0.5};
    if (order_ > 2) weights = solve_moments(ratios_);
    return update(x, predictions, weights);
  }

  // The same step again, now that the prediction at its end is known.
  [[nodiscard]] Array correct(const Array& x, const std::deque<Array>& predictions,
                              const Array& at_end) const {
    std::vector<double> points = ratios_;
    points.push_back(1);
    const std::vector<double> weights =
        order_ == 1 ? std::vector<double>{0.5} : solve_moments(points);
    const double of_end = -scale_ * weights.back();
    const Array corrected = update(x, predictions, {weights.begin(), weights.end() - 1});
    return combine({{1, corrected}, {of_end, at_end}, {-of_end, predictions[0]}});
  }

 private:
  // Weights that integrate powers of the points exactly.
  [[nodiscard]] std::vector<double> solve_moments(const std::vector<double>& points) const {
    std::vector<std::vector<double>> powers;
    for (std::size_t k = 0; k < points.size(); ++k) {
      std::vector<double>& row = powers.emplace_back();
      for (const double point : points) row.push_back(std::pow(point, k));
    }
    return solve(std::move(powers), {moments_.begin(), moments_.begin() + std::ssize(points)});
  }

  // A first-order step plus the weighted slopes towards the older predictions.
  [[nodiscard]] Array update(const Array& x, const std::deque<Array>& predictions,
                             const std::vector<double>& weights) const {
    Array result = combine({{kept_, x}, {1 - kept_, predictions[0]}});
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double slope = -scale_ * weights[k] / ratios_[k];
      result = combine({{1, result}, {slope, predictions[k + 1]}, {-slope, predictions[0]}});
    }
    return result;
  }

  std::size_t order_;
  double kept_;                 // factor on x
  double scale_ = 0;            // B(-h)
  std::vector<double> ratios_;  // places of the older predictions, in steps
  std::vector<double> moments_;
};

}  // namespace

Array uni_pc(const SamplerRun& run, Array x, const UniPcVariant& variant) {
  std::vector<float> sigmas = run.sigmas;
  if (sigmas.size() < 2) return x;
  if (sigmas.back() == 0) sigmas.back() = kLastSigma;
  const std::size_t steps = sigmas.size() - 1;
  const std::size_t most = std::min(kMaxOrder, std::max<std::size_t>(steps - 1, 1));

  std::deque<Array> predictions;  // the newest first
  std::optional<UniPcStep> step;  // the last one
  Array start;                    // where it started from
  for (std::size_t i = 0; i < steps; ++i) {
    Array denoised = run.denoise(x, sigmas[i]).denoised;
    if (step) x = step->correct(start, predictions, denoised);
    report(run, i, x, denoised);
    predictions.push_front(std::move(denoised));
    if (predictions.size() > most) predictions.pop_back();
    // Lower orders while the history grows and towards the end.
    const std::size_t order = std::min({most, i + 1, steps - i});
    step.emplace(sigmas, i, order, variant);
    start = std::move(x);
    x = step->predict(start, predictions);
  }
  return x;
}

}  // namespace sagitta::sampling
