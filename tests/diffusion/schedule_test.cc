#include "sagitta/diffusion/schedule.h"

#include "sagitta/base/error.h"
#include "sagitta/diffusion/beta_distribution.h"
#include "sagitta/diffusion/custom_schedule.h"
#include "sagitta/diffusion/sigma_tools.h"
#include "support/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sagitta {
namespace {

// Each value on its own, since a list spans many orders of magnitude.
void expect_sigmas(const Sigmas& actual, const Golden& golden, const std::string& name) {
  const auto wanted = golden.raw<float>(name);
  ASSERT_EQ(actual.size(), wanted.size()) << name;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(wanted[i])) {
      EXPECT_TRUE(std::isnan(actual[i])) << name << " " << i;
    } else {
      EXPECT_NEAR(actual[i], wanted[i], 1e-5 * std::abs(wanted[i])) << name << " " << i;
    }
  }
}

const ModelSampling& stable_diffusion() {
  static const ModelSampling sampling = discrete_sampling(PredictionType::eps);
  return sampling;
}

TEST(Schedule, EveryListEqualsUpstream) {
  const Golden golden("sigmas/schedulers.safetensors");
  int compared = 0;
  for (const SchedulerDef& scheduler : schedulers()) {
    for (const int steps : {1, 2, 5, 20}) {
      for (const double denoise : {1.0, 0.5}) {
        for (const bool discard : {false, true}) {
          const std::string name = fmt::format("{}/steps{}/denoise{:.1f}/{}", scheduler.name, steps,
                                               denoise, discard ? "discard_penultimate" : "plain");
          expect_sigmas(make_sigmas(scheduler, stable_diffusion(), steps, denoise, discard), golden,
                        name);
          ++compared;
        }
      }
    }
  }
  EXPECT_EQ(compared, 144);
}

TEST(Schedule, NamesAreInUpstreamOrder) {
  const Golden golden("sigmas/schedulers.safetensors");
  std::vector<std::string> names;
  for (const SchedulerDef& def : schedulers()) names.emplace_back(def.name);
  EXPECT_EQ(names, golden.params()["schedulers"].get<std::vector<std::string>>());
}

TEST(Schedule, DenoiseZeroLeavesNothingToDo) {
  EXPECT_TRUE(make_sigmas(find_scheduler("karras"), stable_diffusion(), 20, 0).empty());
}

TEST(Schedule, RejectsWhatIsOutOfRange) {
  const SchedulerDef& karras = find_scheduler("karras");
  EXPECT_THROW(static_cast<void>(make_sigmas(karras, stable_diffusion(), 0)), Error);
  EXPECT_THROW(static_cast<void>(make_sigmas(karras, stable_diffusion(), 10001)), Error);
  EXPECT_THROW(static_cast<void>(make_sigmas(karras, stable_diffusion(), 20, 1.5)), Error);
  EXPECT_THROW(static_cast<void>(make_sigmas(karras, stable_diffusion(), 9999, 1e-9)), Error);
  EXPECT_THROW(static_cast<void>(find_scheduler("Karras")), Error);
}

TEST(CustomSchedule, EveryListEqualsUpstream) {
  const Golden golden("custom/sigmas.safetensors");
  int compared = 0;
  const auto compare = [&](const Sigmas& sigmas, const std::string& name) {
    expect_sigmas(sigmas, golden, name);
    ++compared;
  };
  constexpr double kMax = 14.614642;
  constexpr double kMin = 0.0291675;
  for (const int steps : {1, 4, 12}) {
    const auto name = [&](const std::string& kind, const std::string& rest) {
      return fmt::format("{}/steps{}/{}", kind, steps, rest);
    };
    for (const double denoise : {1.0, 0.6}) {
      const std::string rest = fmt::format("denoise{:.1f}", denoise);
      for (const char* scheduler : {"normal", "karras", "beta", "kl_optimal"}) {
        compare(make_sigmas(find_scheduler(scheduler), stable_diffusion(), steps, denoise),
                name(std::string("basic/") + scheduler, rest));
      }
      if (steps <= 10) {
        compare(sd_turbo_sigmas(stable_diffusion(), steps, denoise), name("sd_turbo", rest));
      }
      for (const auto& [model, kind] : {std::pair{"SD1", AlignYourStepsModel::sd1},
                                        std::pair{"SDXL", AlignYourStepsModel::sdxl},
                                        std::pair{"SVD", AlignYourStepsModel::svd}}) {
        compare(align_your_steps_sigmas(kind, steps, denoise),
                name(std::string("align_your_steps/") + model, rest));
      }
    }
    compare(karras_sigmas({.steps = steps}), name("karras", "max14.614642_min0.0291675_rho7.0"));
    compare(karras_sigmas({.steps = steps, .sigma_max = 80, .sigma_min = 0.01, .rho = 3.5}),
            name("karras", "max80.0_min0.01_rho3.5"));
    compare(exponential_sigmas({.steps = steps}), name("exponential", "max14.614642_min0.0291675"));
    for (const double rho : {1.0, 0.5, 2.0}) {
      compare(polyexponential_sigmas(
                  {.steps = steps, .sigma_max = kMax, .sigma_min = kMin, .rho = rho}),
              name("polyexponential", fmt::format("max14.614642_min0.0291675_rho{:.1f}", rho)));
    }
    for (const auto& [mu, beta] :
         {std::pair{0.0, 0.5}, std::pair{-0.7, 1.2}, std::pair{1.0, 0.2}}) {
      compare(
          laplace_sigmas({.steps = steps, .mu = mu, .beta = beta}),
          name("laplace", fmt::format("max14.614642_min0.0291675_mu{:.1f}_beta{:.1f}", mu, beta)));
    }
    compare(vp_sigmas({.steps = steps}), name("vp", "d19.9_min0.1_eps0.001"));
    compare(vp_sigmas({.steps = steps, .beta_d = 12, .beta_min = 0.3, .eps_s = 0.02}),
            name("vp", "d12.0_min0.3_eps0.02"));
    for (const auto& [alpha, beta] :
         {std::pair{0.6, 0.6}, std::pair{1.0, 0.4}, std::pair{2.0, 3.0}}) {
      compare(beta_sigmas(stable_diffusion(), {.steps = steps, .alpha = alpha, .beta = beta}),
              name("beta_sampling", fmt::format("alpha{:.1f}_beta{:.1f}", alpha, beta)));
    }
  }
  EXPECT_EQ(static_cast<std::size_t>(compared),
            golden.names().size() - golden.names("ops/").size());
}

TEST(CustomSchedule, RejectsWhatHasNoMeaning) {
  EXPECT_THROW(static_cast<void>(karras_sigmas({.steps = 0})), Error);
  EXPECT_THROW(static_cast<void>(karras_sigmas({.rho = 0})), Error);
  EXPECT_THROW(static_cast<void>(exponential_sigmas({.sigma_min = 0})), Error);
  EXPECT_THROW(static_cast<void>(beta_sigmas(stable_diffusion(), {.alpha = 0})), Error);
  EXPECT_THROW(static_cast<void>(sd_turbo_sigmas(stable_diffusion(), 11)), Error);
  EXPECT_TRUE(align_your_steps_sigmas(AlignYourStepsModel::sd1, 5, 0).empty());
}

TEST(BetaQuantile, InvertsKnownDistributions) {
  // Beta(2, 1) has P(x) = x^2, Beta(1, 3) has P(x) = 1 - (1 - x)^3, Beta(0.5, 0.5) is the arcsine.
  EXPECT_NEAR(beta_quantile(0.25, 2, 1), 0.5, 1e-12);
  EXPECT_NEAR(beta_quantile(0.875, 1, 3), 0.5, 1e-12);
  EXPECT_NEAR(beta_quantile(1.0 / 3, 0.5, 0.5), 0.25, 1e-12);
  EXPECT_EQ(beta_quantile(0, 2, 2), 0);
  EXPECT_EQ(beta_quantile(1, 2, 2), 1);
}

TEST(SigmaTools, EveryListEqualsUpstream) {
  const Golden golden("custom/sigmas.safetensors");
  const auto input = golden.raw<float>("ops/input");
  for (const int step : {0, 1, 3, 6, 9}) {
    const auto [high, low] = split_sigmas(input, step);
    expect_sigmas(high, golden, fmt::format("ops/split{}/high", step));
    expect_sigmas(low, golden, fmt::format("ops/split{}/low", step));
  }
  for (const double denoise : {0.0, 0.3, 0.5, 1.0}) {
    const auto [high, low] = split_sigmas_denoise(input, denoise);
    expect_sigmas(high, golden, fmt::format("ops/split_denoise{:.1f}/high", denoise));
    expect_sigmas(low, golden, fmt::format("ops/split_denoise{:.1f}/low", denoise));
  }
  expect_sigmas(flip_sigmas(input), golden, "ops/flip");
  expect_sigmas(set_first_sigma(input, 3.3F), golden, "ops/set_first_3.3");
  for (const auto& [name, spacing] :
       {std::pair{"linear", Spacing::linear}, std::pair{"cosine", Spacing::cosine},
        std::pair{"sine", Spacing::sine}}) {
    expect_sigmas(extend_sigmas(input, {.spacing = spacing}), golden,
                  fmt::format("ops/extend_{}_steps2_start-1.0_end12.0", name));
    expect_sigmas(
        extend_sigmas(input, {.start_at_sigma = 5, .end_at_sigma = 0.5, .spacing = spacing}),
        golden, fmt::format("ops/extend_{}_steps2_start5.0_end0.5", name));
  }
  expect_sigmas(parse_sigmas(golden.params()["manual"].get<std::string>()), golden, "ops/manual");
}

TEST(SigmaTools, ReadsNumbersBetweenAnything) {
  EXPECT_EQ(parse_sigmas("a1b-2.5c.5d+3.e"), (Sigmas{1, -2.5F, 0.5F, 3}));
  EXPECT_TRUE(parse_sigmas("no numbers - at . all+").empty());
}

TEST(SigmaTools, RefusesToGrowWithoutBound) {
  const Sigmas many(20000, 20.0F);
  EXPECT_THROW(static_cast<void>(extend_sigmas(many, {.steps = 100})), Error);
}

TEST(SigmaTools, EmptyListsStayEmpty) {
  EXPECT_TRUE(flip_sigmas({}).empty());
  EXPECT_TRUE(extend_sigmas({}, {}).empty());
  EXPECT_TRUE(split_sigmas({}, 3).second.empty());
  EXPECT_TRUE(split_sigmas_denoise({}, 1).first.empty());
  EXPECT_THROW(static_cast<void>(set_first_sigma({}, 1)), Error);
}

}  // namespace
}  // namespace sagitta
