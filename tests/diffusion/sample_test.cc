#include "sagitta/diffusion/sample.h"

#include "sagitta/backend/open.h"
#include "sagitta/diffusion/differential.h"
#include "sagitta/diffusion/schedule.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

constexpr std::uint64_t kSeed = 11;

class SampleTest : public testing::Test {
 protected:
  CustomResult run(const std::string& sampler, const Sigmas& sigmas, const Latent& latent,
                   const RunCallback& callback = {}) {
    return sample_custom(cfg_guider(model_, toy_prompt(1), toy_prompt(2), 4), latent,
                         {.sampler = find_sampler(sampler),
                          .sigmas = sigmas,
                          .noise = prepare_noise(kSeed, latent.samples.shape()),
                          .seed = kSeed},
                         callback);
  }
  Sigmas karras(int steps) { return make_sigmas(find_scheduler("karras"), model_.sampling, steps); }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model model_ = test::toy_model(*device_);
  Latent empty_{.samples = Array({1, 4, 8, 6})};
  Latent latent_{.samples = random_array(3, {1, 4, 8, 6})};
};

TEST_F(SampleTest, WithoutSigmasTheLatentComesBack) {
  const CustomResult result = run("euler", {}, latent_);
  EXPECT_EQ(max_difference(result.samples, latent_.samples), 0);
  EXPECT_EQ(max_difference(result.denoised, latent_.samples), 0);
}

TEST_F(SampleTest, OneSigmaOnlyNoises) {
  const CustomResult result = run("euler", {2}, latent_);
  const Array noise = prepare_noise(kSeed, latent_.samples.shape());
  EXPECT_LT(max_difference(result.samples, latent_.samples + noise * (2 / model_.latent_scale)), 1e-4F);
}

TEST_F(SampleTest, TheDenoisedOutputOfARunToZeroIsItsResult) {
  const CustomResult result = run("dpmpp_2m", karras(3), empty_);
  EXPECT_LT(max_difference(result.samples, result.denoised), 1e-5F);
  Sigmas early = karras(3);
  early.pop_back();
  const CustomResult stopped = run("dpmpp_2m", early, empty_);
  EXPECT_GT(max_difference(stopped.samples, stopped.denoised), 1e-3F);
}

TEST_F(SampleTest, AddedNoiseIsThatOfARun) {
  const Sigmas whole = karras(4);
  const Latent noisy{.samples = add_noise(model_, latent_, {.seed = kSeed}, whole)};
  const Array noise = prepare_noise(kSeed, latent_.samples.shape());
  const float size = whole.front() - whole.back();
  EXPECT_LT(max_difference(noisy.samples, latent_.samples + noise * (size / model_.latent_scale)), 1e-3F);
  EXPECT_EQ(max_difference(add_noise(model_, latent_, {.seed = kSeed}, {}), latent_.samples), 0);
}

// What the bar shows is predictions: two per step of a second-order sampler, one in the last.
TEST_F(SampleTest, ProgressCountsPredictionsOfEverySampler) {
  for (const SamplerDef& sampler : samplers()) {
    int reports = 0;
    int last = 0;
    int total = 0;
    run(std::string(sampler.name), karras(3), empty_, [&](const RunReport& report) {
      ++reports;
      EXPECT_GE(report.done, last) << sampler.name;
      last = report.done;
      total = report.total;
    });
    if (sampler.name == "dpm_adaptive") {
      EXPECT_EQ(total, 100);
      EXPECT_LE(last, total);
    } else {
      EXPECT_EQ(last, total) << sampler.name;
      EXPECT_EQ(reports, total) << sampler.name;
    }
    if (sampler.name == "heun") {
      EXPECT_EQ(total, 5);
    }
  }
}

TEST_F(SampleTest, DifferentialDiffusionWithABlackAndWhiteMaskIsInpainting) {
  Latent masked = latent_;
  masked.noise_mask = Array({1, 8, 6}, 1);
  for (std::size_t i = 0; i < 24; ++i) (*masked.noise_mask)[i] = 0;
  const Sigmas sigmas{10, 3, 1, 0};  // a step at the model's smallest sigma would open every cell
  const Array plain = run("euler", sigmas, masked).samples;
  model_ = with_differential_diffusion(model_, {});
  EXPECT_EQ(max_difference(run("euler", sigmas, masked).samples, plain), 0);
}

// A cell whose mask is a half joins when half of the timesteps are left.
TEST_F(SampleTest, DifferentialDiffusionLetsCellsJoinByAndBy) {
  const Model model = with_differential_diffusion(model_, {});
  const Array mask({1, 1, 1, 2}, {0.5F, 0.9F});
  const Sigmas sigmas{14.6146F, 1, 0};
  const auto at = [&](float timestep) {
    return model.noise_mask(mask, model_.sampling.sigma(timestep), sigmas);
  };
  EXPECT_EQ(at(999)[1], 0);
  EXPECT_EQ(at(600)[0], 0);
  EXPECT_EQ(at(600)[1], 1);
  EXPECT_EQ(at(400)[0], 1);
  const Model half = with_differential_diffusion(model_, {.strength = 0.5F});
  EXPECT_FLOAT_EQ(half.noise_mask(mask, sigmas[0], sigmas)[1], 0.45F);
}

}  // namespace
}  // namespace sagitta
