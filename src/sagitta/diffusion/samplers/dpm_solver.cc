#include "sagitta/diffusion/samplers/dpm_solver.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/common.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sagitta::sampling {
namespace {

// Times are float, see common.h.
float sigma_at(float t) { return std::exp(-t); }
float time_of(float sigma) { return -std::log(sigma); }

// Where a step goes in t, and how much noise follows.
struct Target {
  float t;
  double up;
};

Target target_of(float t, float t_next, float t_end, double eta) {
  if (eta == 0) return {.t = t_next, .up = 0};
  const float down = ancestral_step(sigma_at(t), sigma_at(t_next), eta).down;
  const float lower = std::min(t_end, time_of(down));
  const double variance = std::pow(sigma_at(t_next), 2) - std::pow(sigma_at(lower), 2);
  return {.t = lower, .up = std::sqrt(std::max(variance, 0.0))};
}

// The single steps from x at t to t_next. They take the noise predictions they need; `noise` is the
// one at (x, t), `inner` the one at the first inner point.
class Step {
 public:
  Step(const SamplerRun& run, const Array& x, const Array& noise, float t, float t_next)
      : run_(run), x_(x), noise_(noise), t_(t), h_(t_next - t) {}

  [[nodiscard]] Array first_order() const { return first_order(1); }

  // The prediction at fraction r of the step, reached by a first-order step.
  [[nodiscard]] Array inner(double r) const { return predict(first_order(r), r); }

  [[nodiscard]] Array second_order(const Array& inner, double r) const {
    const double factor = -sigma_at(at(1)) * std::expm1(h_);
    const double slope = factor / (2 * r);
    return combine({{1, x_}, {factor - slope, noise_}, {slope, inner}});
  }

  // With the inner points 1/3 and 2/3.
  [[nodiscard]] Array third_order(const Array& inner) const {
    constexpr double kFirst = 1.0 / 3;
    constexpr double kSecond = 2.0 / 3;
    const Array second = predict(third_order_part(inner, kSecond, kSecond / kFirst), kSecond);
    return third_order_part(second, 1, 1 / kSecond);
  }

 private:
  [[nodiscard]] float at(double r) const { return t_ + static_cast<float>(r) * h_; }
  [[nodiscard]] Array predict(const Array& x, double r) const {
    const float sigma = sigma_at(at(r));
    return direction(x, run_.denoise(x, sigma).denoised, sigma);
  }
  [[nodiscard]] Array first_order(double r) const {
    return combine({{1, x_}, {-sigma_at(at(r)) * std::expm1(r * h_), noise_}});
  }
  // To fraction r, with `ratio` times the change of the noise as its slope.
  [[nodiscard]] Array third_order_part(const Array& inner, double r, double ratio) const {
    const double h = r * h_;
    const double sigma = sigma_at(at(r));
    const double slope = -sigma * ratio * (std::expm1(h) / h - 1);
    return combine({{1, x_}, {-sigma * std::expm1(h) - slope, noise_}, {slope, inner}});
  }

  const SamplerRun& run_;
  const Array& x_;
  const Array& noise_;
  float t_;
  float h_;
};

// The step size controller of the adaptive solver: proportional, integral and derivative parts of
// the last three errors, with a soft limit on the change.
class StepSize {
 public:
  StepSize(const DpmAdaptiveParams& params, double order)
      : h_(params.h_init),
        b1_((params.pcoeff + params.icoeff + params.dcoeff) / order),
        b2_(-(params.pcoeff + 2 * params.dcoeff) / order),
        b3_(params.dcoeff / order),
        accept_safety_(params.accept_safety) {}

  [[nodiscard]] double h() const { return h_; }

  // Sets the next step size; returns whether the step that had this error is good enough.
  bool propose(double error) {
    const double inverse = 1 / (error + 1e-8);
    if (first_) older_ = old_ = inverse;
    first_ = false;
    const double factor = std::pow(inverse, b1_) * std::pow(old_, b2_) * std::pow(older_, b3_);
    const double limited = 1 + std::atan(factor - 1);
    const bool accept = limited >= accept_safety_;
    if (accept) {
      older_ = old_;
      old_ = inverse;
    }
    h_ *= limited;
    return accept;
  }

 private:
  double h_;
  double b1_;
  double b2_;
  double b3_;
  double accept_safety_;
  bool first_ = true;
  double old_ = 0;
  double older_ = 0;
};

float last_positive_sigma(std::span<const float> sigmas) {
  return sigmas.back() == 0 ? sigmas[sigmas.size() - 2] : sigmas.back();
}

// The orders of the steps that make `calls` predictions in all.
std::vector<int> orders_for(int calls) {
  std::vector<int> orders(static_cast<std::size_t>(calls / 3 + 1), 3);
  if (calls % 3 != 0) {
    orders.back() = calls % 3;
    return orders;
  }
  orders[orders.size() - 2] = 2;
  orders.back() = 1;
  return orders;
}

// The root mean square of the difference, measured in the allowed error.
double error_of(const Array& low, const Array& high, const Array& previous,
                const DpmAdaptiveParams& params) {
  double sum = 0;
  for (std::size_t i = 0; i < low.size(); ++i) {
    const double size = std::max(std::abs(low[i]), std::abs(previous[i]));
    const double allowed = std::max(params.atol, params.rtol * size);
    const double scaled = (static_cast<double>(low[i]) - high[i]) / allowed;
    sum += scaled * scaled;
  }
  return std::sqrt(sum / static_cast<double>(low.size()));
}

void require_valid(const DpmAdaptiveParams& params) {
  require(params.order == 2 || params.order == 3, Fault::bad_input, "order must be 2 or 3, got {}",
          params.order);
  require(params.h_init > 0, Fault::bad_input, "h_init must be positive, got {}", params.h_init);
  require(params.rtol >= 0 && params.atol >= 0 && params.rtol + params.atol > 0, Fault::bad_input,
          "rtol and atol must not be negative nor both 0, got {} and {}", params.rtol, params.atol);
}

}  // namespace

Array dpm_fast(const SamplerRun& run, Array x, const DpmFastParams& params) {
  if (run.sigmas.size() < 2) return x;
  const float start = time_of(run.sigmas.front());
  const float end = time_of(last_positive_sigma(run.sigmas));
  const std::vector<int> orders = orders_for(static_cast<int>(run.sigmas.size()) - 1);
  const auto steps = static_cast<float>(orders.size());
  const float length = (end - start) / steps;
  // Counted from both ends, so that the last time is exact.
  const auto time_at = [&](float i) {
    return i < steps / 2 ? start + length * i : end - length * (steps - i);
  };
  StepNoise fresh_noise(run.seed, x.shape());
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const float t = time_at(static_cast<float>(i));
    const float t_next = time_at(static_cast<float>(i + 1));
    const Target target = target_of(t, t_next, end, params.eta);
    const float sigma = sigma_at(t);
    const Array denoised = run.denoise(x, sigma).denoised;
    report(run, i, x, denoised);
    const Array noise = direction(x, denoised, sigma);
    const Step step(run, x, noise, t, target.t);
    Array stepped;
    if (orders[i] == 1) stepped = step.first_order();
    if (orders[i] == 2) stepped = step.second_order(step.inner(0.5), 0.5);
    if (orders[i] == 3) stepped = step.third_order(step.inner(1.0 / 3));
    x = combine({{1, stepped}, {target.up * params.s_noise, fresh_noise()}});
  }
  return x;
}

int dpm_fast_calls(std::span<const float> sigmas) {
  return sigmas.size() < 2 ? 0 : static_cast<int>(sigmas.size()) - 1;
}

Array dpm_adaptive(const SamplerRun& run, Array x, const DpmAdaptiveParams& params) {
  require_valid(params);
  if (run.sigmas.size() < 2) return x;
  constexpr double kArrived = 1e-5;
  constexpr int kMaxProposals = 10000;
  const float end = time_of(last_positive_sigma(run.sigmas));
  float t = time_of(run.sigmas.front());
  require(params.eta == 0 || t < end, Fault::bad_input,
          "dpm_adaptive needs falling sigmas when eta is not 0");
  const float sense = t < end ? 1 : -1;
  StepSize size(params, params.eta == 0 ? params.order : 1.5);
  StepNoise fresh_noise(run.seed, x.shape());
  Array previous = x;
  for (int proposal = 0; sense * (end - t) > kArrived; ++proposal) {
    require(proposal < kMaxProposals, Fault::bad_input,
            "dpm_adaptive does not arrive: {} steps lead only to sigma {}", proposal, sigma_at(t));
    const float t_next = t + sense * std::min(static_cast<float>(size.h()), std::abs(end - t));
    const Target target = target_of(t, t_next, end, params.eta);
    const float sigma = sigma_at(t);
    const Array denoised = run.denoise(x, sigma).denoised;
    const Array noise = direction(x, denoised, sigma);
    const Step step(run, x, noise, t, target.t);
    const double r = params.order == 2 ? 0.5 : 1.0 / 3;
    const Array inner = step.inner(r);
    const Array low = params.order == 2 ? step.first_order() : step.second_order(inner, r);
    const Array high = params.order == 2 ? step.second_order(inner, r) : step.third_order(inner);
    const double error = error_of(low, high, previous, params);
    require(std::isfinite(error), Fault::bad_input,
            "dpm_adaptive: the predictions at sigma {} are not finite", sigma);
    if (run.on_step) {
      run.on_step({.index = proposal,
                   .total = static_cast<int>(run.sigmas.size()) - 1,
                   .sigma = sigma,
                   .x = x,
                   .denoised = denoised});
    }
    if (!size.propose(error)) continue;
    previous = low;
    x = combine({{1, high}, {target.up * params.s_noise, fresh_noise()}});
    t = t_next;
  }
  return x;
}

int dpm_adaptive_calls(std::span<const float> sigmas) {
  return sigmas.size() < 2 ? 0 : kUnknownCalls;
}

}  // namespace sagitta::sampling
