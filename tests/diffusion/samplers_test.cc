#include "sagitta/base/error.h"
#include "sagitta/base/json.h"
#include "sagitta/diffusion/noise.h"
#include "sagitta/diffusion/samplers/dpm_solver.h"
#include "sagitta/diffusion/samplers/dpmpp_multistep_sde.h"
#include "sagitta/diffusion/samplers/dpmpp_sde.h"
#include "sagitta/diffusion/samplers/er_sde.h"
#include "sagitta/diffusion/samplers/euler.h"
#include "sagitta/diffusion/samplers/lcm.h"
#include "sagitta/diffusion/samplers/lms.h"
#include "sagitta/diffusion/samplers/sa_solver.h"
#include "sagitta/diffusion/samplers/sampler.h"
#include "sagitta/diffusion/samplers/seeds.h"
#include "sagitta/diffusion/samplers/uni_pc.h"
#include "sagitta/diffusion/schedule.h"
#include "support/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace sagitta {
namespace {

const ModelSampling& stable_diffusion() {
  static const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  return sampling;
}

Sigmas karras(int steps) {
  return make_sigmas(find_scheduler("karras"), stable_diffusion(), steps);
}

constexpr double kDataSigma = 0.5;

// The ideal denoiser for normal data of standard deviation 0.5 around 0.
Prediction gaussian(const Array& x, float sigma) {
  const double data = kDataSigma * kDataSigma;
  const Array denoised = x * static_cast<float>(data / (data + static_cast<double>(sigma) * sigma));
  return {denoised, denoised};
}

// The probability flow for that data from `sigma` to `end` has a closed form.
Array exact_flow(const Array& x, double sigma, double end) {
  const double data = kDataSigma * kDataSigma;
  return x * static_cast<float>(std::sqrt((data + end * end) / (data + sigma * sigma)));
}

struct Outcome {
  Array result;
  int calls = 0;
  std::vector<int> steps;
};

using Denoise = std::function<Prediction(const Array&, float)>;

Outcome run_sampler(const SamplerDef& def, const Sigmas& sigmas, const Denoise& denoise,
                    std::uint64_t seed = 7, const Shape& shape = {2, 4, 8, 8}) {
  Outcome run;
  const SamplerRun loop{
      .denoise =
          [&](const Array& x, float sigma) {
            ++run.calls;
            return denoise(x, sigma);
          },
      .sigmas = sigmas,
      .seed = seed,
      .model_sampling = stable_diffusion(),
      .on_step = [&](const SamplerStep& step) { run.steps.push_back(step.index); }};
  Array x = prepare_noise(seed, shape);
  if (!sigmas.empty()) x *= sigmas.front();
  run.result = def.run(loop, std::move(x));
  return run;
}

// dpm_fast, dpm_adaptive and UniPC end at the last positive sigma or at 0.001 instead of 0.
double leftover_sigma(std::string_view name, const Sigmas& sigmas) {
  if (name == "dpm_fast" || name == "dpm_adaptive") return sigmas[sigmas.size() - 2];
  return name.starts_with("uni_pc") ? 0.001 : 0;
}

// Whether a sampler draws fresh noise in its steps.
bool is_stochastic(std::string_view name) {
  return name.find("ancestral") != name.npos || name.find("sde") != name.npos || name == "ddpm" ||
         name == "lcm" || name.starts_with("seeds") || name.starts_with("sa_solver");
}

class EverySampler : public ::testing::TestWithParam<SamplerDef> {
 protected:
  const SamplerDef& def_ = GetParam();
};

TEST_P(EverySampler, EndsOnConstantPrediction) {
  const Array target({2, 4, 8, 8}, 0.75F);
  const Denoise constant = [&](const Array&, float) { return Prediction{target, target}; };
  for (const int steps : {1, 2, 3, 4, 5, 9}) {
    const Sigmas sigmas = karras(steps);
    const Array result = run_sampler(def_, sigmas, constant).result;
    // Noise has at most five standard deviations here.
    const double tolerance = 5 * leftover_sigma(def_.name, sigmas) + 1e-4;
    EXPECT_LE(max_difference(result.values(), target.values()), tolerance) << steps;
  }
}

TEST_P(EverySampler, MakesAsManyCallsAsItSays) {
  for (const int steps : {1, 2, 3, 4, 5, 6, 9}) {
    const Sigmas sigmas = karras(steps);
    const int announced = def_.count_calls(sigmas);
    const Outcome run = run_sampler(def_, sigmas, gaussian);
    if (announced == kUnknownCalls) {
      EXPECT_EQ(def_.name, "dpm_adaptive");
    } else {
      EXPECT_EQ(run.calls, announced) << steps;
    }
    EXPECT_TRUE(std::isfinite(max_magnitude(run.result.values()))) << steps;
    for (std::size_t i = 0; i < run.steps.size(); ++i) EXPECT_EQ(run.steps[i], static_cast<int>(i));
  }
}

TEST_P(EverySampler, HandlesListsThatEndAboveZero) {
  Sigmas sigmas = karras(8);
  sigmas.resize(5);
  const int announced = def_.count_calls(sigmas);
  const Outcome run = run_sampler(def_, sigmas, gaussian);
  if (announced != kUnknownCalls) {
    EXPECT_EQ(run.calls, announced);
  }
  EXPECT_TRUE(std::isfinite(max_magnitude(run.result.values())));
}

TEST_P(EverySampler, LeavesLatentAloneWithoutSteps) {
  const SamplerRun loop{.denoise = gaussian,
                        .sigmas = {1.0F},
                        .seed = 1,
                        .model_sampling = stable_diffusion(),
                        .on_step = {}};
  const Array x({1, 4}, 3);
  EXPECT_EQ(max_difference(def_.run(loop, x).values(), x.values()), 0);
  EXPECT_EQ(def_.count_calls(loop.sigmas), 0);
}

TEST_P(EverySampler, SeedDecidesTheResult) {
  const auto result = [&](std::uint64_t seed) {
    // The noise that x starts from is the same; only the noise of the steps differs.
    const SamplerRun loop{.denoise = gaussian,
                          .sigmas = karras(6),
                          .seed = seed,
                          .model_sampling = stable_diffusion(),
                          .on_step = {}};
    return def_.run(loop, prepare_noise(3, {1, 4, 8, 8}) * loop.sigmas.front());
  };
  const Array first = result(11);
  EXPECT_EQ(max_difference(first.values(), result(11).values()), 0);
  const bool quiet = !is_stochastic(def_.name);
  EXPECT_EQ(max_difference(first.values(), result(12).values()) == 0, quiet);
}

TEST_P(EverySampler, StopsWhenTheCallbackThrows) {
  const SamplerRun loop{
      .denoise = gaussian,
      .sigmas = karras(5),
      .seed = 1,
      .model_sampling = stable_diffusion(),
      .on_step = [](const SamplerStep&) { throw Error(Fault::cancelled, "stop"); }};
  EXPECT_THROW(static_cast<void>(def_.run(loop, Array({1, 16}, 1))), Error);
}

INSTANTIATE_TEST_SUITE_P(Samplers, EverySampler,
                         ::testing::ValuesIn(samplers().begin(), samplers().end()),
                         [](const auto& test) { return std::string(test.param.name); });

// CFG++ moves with the data rather than along the flow, and LCM ends on a prediction, which is
// narrower than the data.
std::vector<SamplerDef> samplers_of_data(bool stochastic) {
  std::vector<SamplerDef> chosen;
  for (const SamplerDef& def : samplers()) {
    if (!def.needs_uncond && def.name != "lcm" && is_stochastic(def.name) == stochastic) {
      chosen.push_back(def);
    }
  }
  return chosen;
}

class DeterministicSampler : public ::testing::TestWithParam<SamplerDef> {};

TEST_P(DeterministicSampler, FollowsTheProbabilityFlow) {
  const SamplerDef& def = GetParam();
  const Sigmas sigmas = karras(80);
  const Array x = prepare_noise(7, {2, 4, 8, 8}) * sigmas.front();
  const Array exact = exact_flow(x, sigmas.front(), leftover_sigma(def.name, sigmas));
  const Array result = run_sampler(def, sigmas, gaussian).result;
  // First order methods have an error of a few over the number of steps.
  expect_near_relative(result.values(), exact.values(), 0.1, std::string(def.name));
}

INSTANTIATE_TEST_SUITE_P(Samplers, DeterministicSampler,
                         ::testing::ValuesIn(samplers_of_data(false)),
                         [](const auto& test) { return std::string(test.param.name); });

class StochasticSampler : public ::testing::TestWithParam<SamplerDef> {};

TEST_P(StochasticSampler, KeepsTheVarianceOfTheData) {
  const Array result = run_sampler(GetParam(), karras(80), gaussian, 7, {1, 4, 32, 32}).result;
  double variance = 0;
  for (const float value : result.values()) {
    variance += static_cast<double>(value) * value / static_cast<double>(result.size());
  }
  // 4096 values give the standard deviation to about 1%; the rest is the error of the steps.
  EXPECT_NEAR(std::sqrt(variance), kDataSigma, 0.1 * kDataSigma);
}

INSTANTIATE_TEST_SUITE_P(Samplers, StochasticSampler, ::testing::ValuesIn(samplers_of_data(true)),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Samplers, NamesAreInUpstreamOrder) {
  std::ifstream file(std::string(SAGITTA_GOLDEN_DIR) + "/object_info.json");
  const Json info = Json::parse(file);
  const Json& wanted = info["KSampler"]["input"]["required"]["sampler_name"][0];
  std::vector<std::string> names;
  for (const SamplerDef& def : samplers()) names.emplace_back(def.name);
  EXPECT_EQ(names, wanted.get<std::vector<std::string>>());
}

TEST(Samplers, UnknownNamesGetTheNearestOnes) {
  try {
    static_cast<void>(find_sampler("dpm++_2m"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::bad_input);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("dpmpp_2m"));
  }
}

Array result_of(const SamplerDef& def) { return run_sampler(def, karras(7), gaussian).result; }

void expect_equal(const Array& a, const Array& b) {
  EXPECT_EQ(max_difference(a.values(), b.values()), 0);
}

TEST(Samplers, GpuFormsEqualPlainOnes) {
  for (const char* name : {"dpmpp_sde", "dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_3m_sde"}) {
    expect_equal(result_of(find_sampler(name)),
                 result_of(find_sampler(std::string(name) + "_gpu")));
  }
}

TEST(Samplers, DdimIsEulerButForInpainting) {
  expect_equal(result_of(find_sampler("euler")), result_of(find_sampler("ddim")));
  EXPECT_TRUE(find_sampler("ddim").fresh_inpaint_noise);
  EXPECT_FALSE(find_sampler("euler").fresh_inpaint_noise);
}

TEST(Samplers, AncestralFormsWithoutNoiseArePlain) {
  const Array plain = result_of(find_sampler("euler"));
  const Array quiet =
      result_of(sampler_with("euler_ancestral", sampling::euler_ancestral, {.eta = 0}));
  expect_near_relative(quiet.values(), plain.values(), 1e-5, "euler");
  const Array two_m = result_of(find_sampler("dpmpp_2m"));
  const Array sde = result_of(sampler_with("dpmpp_2m_sde", sampling::dpmpp_2m_sde, {.eta = 0}));
  expect_near_relative(sde.values(), two_m.values(), 1e-5, "dpmpp_2m");
}

TEST(Samplers, FirstOrdersAreEuler) {
  const Array plain = result_of(find_sampler("euler"));
  const auto expect_euler = [&](const SamplerDef& def) {
    expect_near_relative(result_of(def).values(), plain.values(), 1e-5, std::string(def.name));
  };
  expect_euler(sampler_with("lms", sampling::lms, {.order = 1}));
  expect_euler(sampler_with("er_sde", sampling::er_sde,
                            {.solver_type = sampling::ErSdeSolver::ode, .max_stage = 1}));
  expect_euler(sampler_with("sa_solver", sampling::sa_solver,
                            {.eta = 0, .predictor_order = 1, .corrector_order = 0}));
}

// Where guided and unguided prediction agree, CFG++ has nothing to change in methods of one
// prediction.
TEST(Samplers, CfgPlusPlusIsPlainWithoutGuidance) {
  for (const char* name : {"euler", "euler_ancestral", "gradient_estimation"}) {
    const Array plain = result_of(find_sampler(name));
    const SamplerDef& cfg_pp = find_sampler(std::string(name) + "_cfg_pp");
    expect_near_relative(result_of(cfg_pp).values(), plain.values(), 1e-5, name);
  }
}

// d = x - D is 4 at sigma 2 (x = 4, D = -4 => d = 4), so a step to sigma 1 leads to 4 + 4 * (1 - 2)
// = 0.
TEST(Samplers, EulerStepByHand) {
  const Denoise denoise = [](const Array& x, float) {
    return Prediction{Array(x.shape(), -4), Array()};
  };
  const SamplerRun loop{.denoise = denoise,
                        .sigmas = {2, 1},
                        .seed = 0,
                        .model_sampling = stable_diffusion(),
                        .on_step = {}};
  EXPECT_FLOAT_EQ(find_sampler("euler").run(loop, Array({1}, 4))[0], 0);
}

TEST(Samplers, LcmClipsAndScalesItsNoise) {
  const Denoise zero = [](const Array& x, float) { return Prediction{x * 0.0F, Array()}; };
  const SamplerRun loop{.denoise = zero,
                        .sigmas = {5, 2},
                        .seed = 0,
                        .model_sampling = stable_diffusion(),
                        .on_step = {}};
  const SamplerDef def = sampler_with("lcm", sampling::lcm, {.s_noise = 3, .noise_clip_std = 0.5});
  const double largest = max_magnitude(def.run(loop, Array({1, 1000})).values());
  EXPECT_NEAR(largest, 2 * 3 * 0.5, 0.2);  // sigma * s_noise * clip, with a deviation near 1
}

TEST(Samplers, OptionsOutOfRangeAreRefused) {
  const auto refused = [](const SamplerDef& def) {
    EXPECT_THROW(static_cast<void>(run_sampler(def, karras(4), gaussian)), Error) << def.name;
  };
  refused(sampler_with("lms", sampling::lms, {.order = 0}));
  refused(sampler_with("dpm_adaptive", sampling::dpm_adaptive, {.order = 4}));
  refused(sampler_with("dpm_adaptive", sampling::dpm_adaptive, {.h_init = 0}));
  refused(sampler_with("dpm_adaptive", sampling::dpm_adaptive, {.rtol = 0, .atol = 0}));
  refused(sampler_with("dpm_adaptive", sampling::dpm_adaptive, {.accept_safety = 100}));
  refused(sampler_with("dpmpp_sde", sampling::dpmpp_sde, {.r = 0}));
  refused(sampler_with("er_sde", sampling::er_sde, {.max_stage = 4}));
  refused(sampler_with("seeds_2", sampling::seeds_2, {.r = 2}));
  refused(sampler_with("seeds_3", sampling::seeds_3, {.r_1 = 0.7, .r_2 = 0.6}));
  refused(sampler_with("sa_solver", sampling::sa_solver, {.predictor_order = 7}));
}

TEST(Samplers, AdaptiveStepsEndWhenPredictionsAreNotFinite) {
  const Denoise broken = [](const Array& x, float) {
    return Prediction{Array(x.shape(), NAN), Array()};
  };
  EXPECT_THROW(static_cast<void>(run_sampler(find_sampler("dpm_adaptive"), karras(4), broken)),
               Error);
}

}  // namespace
}  // namespace sagitta
