#include "sagitta/diffusion/model_sampling.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/schedule.h"
#include "support/golden.h"

#include <gtest/gtest.h>

#include <array>

namespace sagitta {
namespace {

struct Variant {
  std::string name;
  ModelSampling sampling;
  float query_divisor = 1;  // of the timesteps that the sigmas were asked for
};

std::vector<Variant> variants() {
  std::vector<Variant> all;
  const std::array kinds{std::pair{"eps", PredictionType::eps},
                         std::pair{"v_prediction", PredictionType::v_prediction},
                         std::pair{"lcm", PredictionType::lcm},
                         std::pair{"x0", PredictionType::x0}};
  for (const auto& [name, prediction] : kinds) {
    for (const bool zsnr : {false, true}) {
      all.push_back({std::string("discrete_") + name + (zsnr ? "_zsnr1" : "_zsnr0"),
                     discrete_sampling(prediction, {.zero_terminal_snr = zsnr})});
    }
  }
  const auto edm = [&](const char* name, PredictionType prediction, double high, double low) {
    all.push_back({name, continuous_edm_sampling(prediction, low, high), 100});
  };
  edm("edm_v_prediction_120.0_0.002", PredictionType::v_prediction, 120, 0.002);
  edm("edm_edm_80.0_0.002", PredictionType::edm, 80, 0.002);
  edm("edm_edm_playground_v2.5_80.0_0.002", PredictionType::edm, 80, 0.002);
  edm("edm_eps_14.6_0.03", PredictionType::eps, 14.6, 0.03);
  all.push_back({"continuous_v_500.0_0.03", continuous_v_sampling(0.03, 500), 1000});
  return all;
}

class ModelSamplingGolden : public ::testing::TestWithParam<Variant> {
 protected:
  [[nodiscard]] std::vector<float> expected(const std::string& name) const {
    return golden_.raw<float>(GetParam().name + "/" + name);
  }
  void expect_equal(const std::vector<float>& actual, const std::string& name) const {
    const std::vector<float> wanted = expected(name);
    ASSERT_EQ(actual.size(), wanted.size()) << name;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      // Each value on its own: sigmas span five decades.
      EXPECT_NEAR(actual[i], wanted[i], 1e-5 * std::abs(wanted[i]) + 1e-7) << name << " " << i;
    }
  }

  const Golden golden_{"models/variant_sampling_tiny-sd1.safetensors"};
  const ModelSampling& sampling_ = GetParam().sampling;
};

TEST_P(ModelSamplingGolden, SigmaTableEqualsUpstream) {
  std::vector<float> sigmas;
  const std::size_t stride = expected("sigmas").size() < sampling_.sigmas.size() ? 37 : 1;
  for (std::size_t i = 0; i < sampling_.sigmas.size(); i += stride) {
    sigmas.push_back(sampling_.sigmas[i]);
  }
  expect_equal(sigmas, "sigmas");
}

TEST_P(ModelSamplingGolden, TimestepsEqualUpstream) {
  std::vector<float> timesteps;
  for (const float sigma : golden_.raw<float>("query_sigma")) {
    timesteps.push_back(sampling_.timestep(sigma));
  }
  expect_equal(timesteps, "timestep_of_query");
}

TEST_P(ModelSamplingGolden, SigmasOfTimestepsEqualUpstream) {
  std::vector<float> sigmas;
  for (const float t : golden_.raw<float>("query_t")) {
    sigmas.push_back(sampling_.sigma(t / GetParam().query_divisor));
  }
  const bool scaled = GetParam().query_divisor != 1;
  expect_equal(sigmas, scaled ? "sigma_of_query_t_over_1000" : "sigma_of_query_t");
}

TEST_P(ModelSamplingGolden, PercentsEqualUpstream) {
  std::vector<float> sigmas;
  for (const double percent : {0.1, 0.5, 0.9}) {
    sigmas.push_back(static_cast<float>(sampling_.percent_to_sigma(percent)));
  }
  expect_equal(sigmas, "percent_0.1_0.5_0.9");
}

TEST_P(ModelSamplingGolden, SchedulesEqualUpstream) {
  const std::string prefix = GetParam().name + "/schedule/";
  for (const std::string& name : golden_.names(prefix)) {
    const std::string scheduler = name.substr(prefix.size());
    expect_equal(make_sigmas(find_scheduler(scheduler), sampling_, 5), "schedule/" + scheduler);
  }
}

TEST_P(ModelSamplingGolden, NetworkInputEqualsUpstream) {
  const Array x = golden_.array("x");
  const auto sigma = golden_.raw<float>("sigma");
  Array noisy = x;
  const std::size_t row = x.size() / sigma.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    noisy[i] *= std::sqrt(1 + sigma[i / row] * sigma[i / row]);
  }
  const Array input = sampling_.calculate_input(sigma, noisy);
  expect_near_relative(input.values(), expected("unet_in"), 1e-5, "unet_in");
  std::vector<float> timesteps;
  for (const float s : sigma) timesteps.push_back(sampling_.timestep(s));
  expect_equal(timesteps, "unet_timestep");
}

INSTANTIATE_TEST_SUITE_P(Variants, ModelSamplingGolden, ::testing::ValuesIn(variants()),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(ModelSampling, ScheduleOfStableDiffusionEqualsUpstream) {
  const Golden golden("sigmas/schedulers.safetensors");
  const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  expect_near_relative(sampling.sigmas, golden.raw<float>("model_sigmas"), 1e-6, "sigmas");
  expect_near_relative(sampling.log_sigmas, golden.raw<float>("model_log_sigmas"), 1e-6, "logs");
  const auto sigma = golden.raw<float>("timestep_of_sigma/sigma");
  const auto t = golden.raw<std::int64_t>("timestep_of_sigma/t");
  for (std::size_t i = 0; i < t.size(); ++i) {
    EXPECT_EQ(sampling.timestep(sigma[i]), static_cast<float>(t[i])) << sigma[i];
  }
  const auto percent = golden.raw<float>("percent_to_sigma/percent");
  const auto wanted = golden.raw<float>("percent_to_sigma/sigma");
  for (std::size_t i = 0; i < percent.size(); ++i) {
    const double actual = sampling.percent_to_sigma(percent[i]);
    EXPECT_NEAR(actual, wanted[i], 1e-5 * wanted[i]) << percent[i];
  }
  const ModelSampling zsnr = discrete_sampling(PredictionType::eps, {.zero_terminal_snr = true});
  const auto zsnr_sigmas = golden.raw<float>("zsnr_sigmas");
  for (std::size_t i = 0; i < zsnr_sigmas.size(); ++i) {
    EXPECT_NEAR(zsnr.sigmas[i], zsnr_sigmas[i], 1e-5 * zsnr_sigmas[i]) << i;
  }
}

// x = 6, output = 2 at sigma 3 with sigma_data 1: r^2 = 10.
TEST(ModelSampling, DenoisedFollowsThePrediction) {
  const Array x({1, 1}, 6);
  const Array output({1, 1}, 2);
  const std::array sigma{3.0F};
  const auto denoised = [&](PredictionType prediction) {
    return discrete_sampling(prediction).calculate_denoised(sigma, output, x)[0];
  };
  EXPECT_FLOAT_EQ(denoised(PredictionType::eps), 0);  // 6 - 3 * 2
  EXPECT_FLOAT_EQ(denoised(PredictionType::v_prediction), 0.6F - 6 / std::sqrt(10.0F));
  EXPECT_FLOAT_EQ(denoised(PredictionType::edm), 0.6F + 6 / std::sqrt(10.0F));
  EXPECT_FLOAT_EQ(denoised(PredictionType::x0), 2);
  EXPECT_FLOAT_EQ(denoised(PredictionType::cosmos_rflow), 1.5F - 1.5F);
  EXPECT_FLOAT_EQ(denoised(PredictionType::img_to_img), 2);
  // lcm: x - 3 * 2 = 0, and c_skip = 0.25 / ((10 t)^2 + 0.25).
  const float t = 10 * discrete_sampling(PredictionType::lcm).timestep(3);
  EXPECT_NEAR(denoised(PredictionType::lcm), 6 * 0.25F / (t * t + 0.25F), 1e-6);
}

TEST(ModelSampling, EveryRowHasItsOwnSigma) {
  const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  const Array x({2, 2}, {1, 1, 1, 1});
  const std::array sigma{0.0F, 2.0F};
  const Array denoised = sampling.calculate_denoised(sigma, x, x);
  EXPECT_EQ(denoised[0], 1);
  EXPECT_EQ(denoised[3], -1);
  EXPECT_THROW(static_cast<void>(sampling.calculate_input(std::array{1.0F}, x)), Error);
}

TEST(ModelSampling, NoiseIsScaledByTheWholeVarianceAtTheTop) {
  const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  const Array noise({1, 1}, 2);
  const Array latent({1, 1}, 5);
  EXPECT_FLOAT_EQ(sampling.noise_scaling(3, noise, latent)[0], 11);  // 2 * 3 + 5
  EXPECT_FLOAT_EQ(sampling.noise_scaling(3, noise, latent, true)[0], 2 * std::sqrt(10.0F) + 5);
  EXPECT_TRUE(sampling.is_max_denoise(sampling.sigma_max() * 0.999995F));
  EXPECT_TRUE(sampling.is_max_denoise(sampling.sigma_max() * 2));
  EXPECT_FALSE(sampling.is_max_denoise(sampling.sigma_max() * 0.9999F));
}

TEST(ModelSampling, RejectsImpossibleRanges) {
  EXPECT_THROW(static_cast<void>(continuous_v_sampling(0, 10)), Error);
  EXPECT_THROW(static_cast<void>(continuous_v_sampling(10, 10)), Error);
  EXPECT_THROW(static_cast<void>(table_sampling(PredictionType::eps, {})), Error);
  EXPECT_THROW(static_cast<void>(table_sampling(PredictionType::eps, {2, 1})), Error);
  EXPECT_THROW(static_cast<void>(discrete_sampling(PredictionType::eps, {.timesteps = 0})), Error);
}

}  // namespace
}  // namespace sagitta
