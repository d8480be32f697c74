#include "sagitta/diffusion/model_sampling.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/linspace.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace sagitta {
namespace {

constexpr int kDistilledSteps = 50;
// Angles are computed in single precision: near a right angle the rounding is part of the result.
constexpr float kPi = std::numbers::pi_v<float>;
constexpr double kInfiniteSigma = 999999999.9;
constexpr double kLastTimestep = 999;
// alpha_bar of the last step after the zero-SNR rescaling: not quite 0, so that sigma stays finite.
constexpr double kTerminalAlphaBar = 4.8973451890853435e-08;

// out = input * x + output * o, the form of every prediction.
struct Scales {
  double input = 0;
  double output = 1;
};

// The boundary scalings of consistency models, on ten times the timestep.
Scales lcm_scales(double sigma, double timestep) {
  constexpr double kSigmaData = 0.5;
  const double scaled = 10 * timestep;
  const double norm = scaled * scaled + kSigmaData * kSigmaData;
  const double skip = kSigmaData * kSigmaData / norm;
  const double out = scaled / std::sqrt(norm);
  return {.input = out + skip, .output = -out * sigma};
}

Scales denoised_scales(const ModelSampling& sampling, float sigma) {
  const double s = sigma;
  const double d = sampling.sigma_data;
  const double variance = s * s + d * d;
  switch (sampling.prediction) {
    case PredictionType::eps:
      return {.input = 1, .output = -s};
    case PredictionType::v_prediction:
      return {.input = d * d / variance, .output = -s * d / std::sqrt(variance)};
    case PredictionType::edm:
      return {.input = d * d / variance, .output = s * d / std::sqrt(variance)};
    case PredictionType::lcm:
      return lcm_scales(s, sampling.timestep(sigma));
    case PredictionType::cosmos_rflow:
      return {.input = 1 / (s + 1), .output = -s / (s + 1)};
    case PredictionType::x0:
    case PredictionType::img_to_img:
      break;
  }
  return {};
}

double input_scale(const ModelSampling& sampling, float sigma) {
  const double s = sigma;
  const double d = sampling.sigma_data;
  switch (sampling.prediction) {
    case PredictionType::img_to_img:
      return 1;
    case PredictionType::cosmos_rflow:
      return 1 / (s + 1);
    default:
      return 1 / std::sqrt(s * s + d * d);
  }
}

std::size_t row_size(std::span<const float> sigma, const Array& x) {
  require(!sigma.empty() && x.rank() > 0 && x.dim(0) == static_cast<std::int64_t>(sigma.size()),
          Fault::bad_input, "{} sigmas do not fit a batch of shape {}", sigma.size(),
          to_string(x.shape()));
  return x.size() / sigma.size();
}

// The logarithms are those of the values before they are rounded to float.
void set_sigmas(ModelSampling& sampling, std::span<const double> sigmas) {
  for (const double sigma : sigmas) {
    sampling.sigmas.push_back(static_cast<float>(sigma));
    sampling.log_sigmas.push_back(static_cast<float>(std::log(sigma)));
  }
}

ModelSampling checked_table(PredictionType prediction, std::span<const double> sigmas) {
  require(!sigmas.empty() && sigmas.front() > 0 &&
              sigmas.back() <= std::numeric_limits<float>::max() &&
              std::is_sorted(sigmas.begin(), sigmas.end()),
          Fault::bad_input, "a table of sigmas must be positive, finite and ascending");
  ModelSampling sampling{.prediction = prediction};
  set_sigmas(sampling, sigmas);
  return sampling;
}

void rescale_zero_terminal_snr(std::vector<double>& sigmas) {
  const auto root_alpha_bar = [](double sigma) { return 1 / std::sqrt(sigma * sigma + 1); };
  const double first = root_alpha_bar(sigmas.front());
  const double last = root_alpha_bar(sigmas.back());
  for (double& sigma : sigmas) {
    const double root = (root_alpha_bar(sigma) - last) * first / (first - last);
    sigma = std::sqrt((1 - root * root) / (root * root));
  }
  sigmas.back() = std::sqrt((1 - kTerminalAlphaBar) / kTerminalAlphaBar);
}

ModelSampling continuous(PredictionType prediction, SigmaSpacing spacing, double sigma_min,
                         double sigma_max) {
  require(std::isfinite(sigma_max) && sigma_min > 0 && sigma_min < sigma_max, Fault::bad_input,
          "a model's sigmas need 0 < sigma_min < sigma_max, got {} and {}", sigma_min, sigma_max);
  constexpr int kEntries = 1000;
  ModelSampling sampling{.prediction = prediction, .spacing = spacing};
  if (prediction == PredictionType::edm) sampling.sigma_data = 0.5F;
  std::vector<double> sigmas;
  const auto low = static_cast<float>(std::log(sigma_min));
  const auto high = static_cast<float>(std::log(sigma_max));
  for (const float log_sigma : linspace(low, high, kEntries)) sigmas.push_back(std::exp(log_sigma));
  set_sigmas(sampling, sigmas);
  return sampling;
}

}  // namespace

float ModelSampling::timestep(float sigma) const {
  const double s = sigma;
  if (spacing == SigmaSpacing::edm) return static_cast<float>(0.25 * std::log(s));
  if (spacing == SigmaSpacing::angle) return std::atan(sigma) / kPi * 2;
  const float log_sigma = std::log(sigma);
  const auto nearest = std::min_element(
      log_sigmas.begin(), log_sigmas.end(),
      [&](float a, float b) { return std::abs(log_sigma - a) < std::abs(log_sigma - b); });
  const auto index = nearest - log_sigmas.begin();
  return static_cast<float>(index * timestep_stride + (timestep_stride - 1));
}

float ModelSampling::sigma(float timestep) const {
  const double t = timestep;
  if (spacing == SigmaSpacing::edm) return static_cast<float>(std::exp(t / 0.25));
  if (spacing == SigmaSpacing::angle) return std::tan(timestep * kPi / 2);
  require(!std::isnan(timestep), Fault::bad_input, "a timestep is not a number");
  const auto stride = static_cast<float>(timestep_stride);
  const auto last = static_cast<float>(log_sigmas.size() - 1);
  const float index = std::clamp((timestep - (stride - 1)) / stride, 0.0F, last);
  const float low = std::floor(index);
  const float weight = index - low;
  const auto at = static_cast<std::size_t>(low);
  const auto next = static_cast<std::size_t>(std::ceil(index));
  return std::exp((1 - weight) * log_sigmas[at] + weight * log_sigmas[next]);
}

double ModelSampling::percent_to_sigma(double percent) const {
  if (percent <= 0) return kInfiniteSigma;
  if (percent >= 1) return 0;
  const double left = 1 - percent;
  switch (spacing) {
    case SigmaSpacing::edm:
    case SigmaSpacing::angle: {
      const double low = std::log(static_cast<double>(sigma_min()));
      return std::exp((std::log(static_cast<double>(sigma_max())) - low) * left + low);
    }
    case SigmaSpacing::table:
      break;
  }
  return sigma(static_cast<float>(left * kLastTimestep));
}

double ModelSampling::percent_of(float sigma) const {
  double left = 0;
  switch (spacing) {
    case SigmaSpacing::edm:
    case SigmaSpacing::angle: {
      const double low = std::log(static_cast<double>(sigma_min()));
      const double high = std::log(static_cast<double>(sigma_max()));
      left = (std::log(static_cast<double>(sigma)) - low) / (high - low);
      break;
    }
    case SigmaSpacing::table:
      left = timestep(sigma) / kLastTimestep;
      break;
  }
  return std::clamp(1 - left, 0.0, 1.0);
}

Array ModelSampling::calculate_input(std::span<const float> sigma, const Array& x) const {
  const std::size_t row = row_size(sigma, x);
  Array input = x;
  for (std::size_t b = 0; b < sigma.size(); ++b) {
    const auto scale = static_cast<float>(input_scale(*this, sigma[b]));
    for (float& value : input.values().subspan(b * row, row)) value *= scale;
  }
  return input;
}

Array ModelSampling::calculate_denoised(std::span<const float> sigma, const Array& output,
                                        const Array& x) const {
  require(output.shape() == x.shape(), Fault::bad_input,
          "the network's output of shape {} does not fit its input of shape {}",
          to_string(output.shape()), to_string(x.shape()));
  const std::size_t row = row_size(sigma, x);
  Array denoised(x.shape());
  for (std::size_t b = 0; b < sigma.size(); ++b) {
    const Scales scales = denoised_scales(*this, sigma[b]);
    const auto of_input = static_cast<float>(scales.input);
    const auto of_output = static_cast<float>(scales.output);
    for (std::size_t i = b * row; i < (b + 1) * row; ++i) {
      denoised[i] = of_input * x[i] + of_output * output[i];
    }
  }
  return denoised;
}

Array ModelSampling::noise_scaling(float sigma, const Array& noise, const Array& latent,
                                   bool max_denoise) const {
  const double s = sigma;
  // Cosmos models are the exception: they start from sigma at the top, too.
  const bool add_data = max_denoise && prediction != PredictionType::cosmos_rflow;
  return noise * static_cast<float>(add_data ? std::sqrt(1 + s * s) : s) + latent;
}

bool ModelSampling::is_max_denoise(float sigma) const {
  const double top = sigma_max();
  const double s = sigma;
  return s > top || std::abs(s - top) <= 1e-5 * std::max(std::abs(s), top);
}

ModelSampling table_sampling(PredictionType prediction, const std::vector<float>& sigmas) {
  return checked_table(prediction, std::vector<double>(sigmas.begin(), sigmas.end()));
}

ModelSampling discrete_sampling(PredictionType prediction, const DiscreteParams& params) {
  const bool distilled = prediction == PredictionType::lcm;
  require(params.beta_start > 0 && params.beta_start <= params.beta_end && params.beta_end < 1,
          Fault::bad_input, "betas need 0 < beta_start <= beta_end < 1, got {} and {}",
          params.beta_start, params.beta_end);
  constexpr int kMaxTimesteps = 1000000;
  const int fewest = distilled ? kDistilledSteps : 2;
  require(params.timesteps >= fewest && params.timesteps <= kMaxTimesteps, Fault::bad_input,
          "a noise schedule has {} to {} timesteps, got {}", fewest, kMaxTimesteps,
          params.timesteps);
  std::vector<double> sigmas;
  const double root_start = std::sqrt(params.beta_start);
  const double step = (std::sqrt(params.beta_end) - root_start) / (params.timesteps - 1);
  double alpha_bar = 1;
  for (int i = 0; i < params.timesteps; ++i) {
    const double root = root_start + i * step;
    alpha_bar *= 1 - root * root;
    sigmas.push_back(std::sqrt((1 - alpha_bar) / alpha_bar));
  }
  if (params.zero_terminal_snr) rescale_zero_terminal_snr(sigmas);
  if (!distilled) return checked_table(prediction, sigmas);

  const int stride = params.timesteps / kDistilledSteps;
  std::vector<float> kept(kDistilledSteps);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const std::size_t from_end = 1 + i * static_cast<std::size_t>(stride);
    kept[kept.size() - 1 - i] = static_cast<float>(sigmas[sigmas.size() - from_end]);
  }
  ModelSampling sampling = table_sampling(prediction, kept);
  sampling.timestep_stride = stride;
  return sampling;
}

ModelSampling continuous_edm_sampling(PredictionType prediction, double sigma_min,
                                      double sigma_max) {
  return continuous(prediction, SigmaSpacing::edm, sigma_min, sigma_max);
}

ModelSampling continuous_v_sampling(double sigma_min, double sigma_max) {
  return continuous(PredictionType::v_prediction, SigmaSpacing::angle, sigma_min, sigma_max);
}

}  // namespace sagitta
