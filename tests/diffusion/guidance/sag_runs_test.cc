// Self-Attention Guidance in whole runs: batches, single items of them, inpainting, img2img,
// samplers that want the negative, and runs that share one model.
#include "sagitta/backend/open.h"
#include "sagitta/diffusion/guidance/sag_options.h"
#include "sagitta/diffusion/sample.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

constexpr std::int64_t kHeight = 5;
constexpr std::int64_t kWidth = 6;

// The right half is to be changed.
Array right_half() {
  Array mask({1, kHeight, kWidth});
  for (std::size_t i = 0; i < mask.size(); ++i) {
    mask[i] = static_cast<std::int64_t>(i) % kWidth >= kWidth / 2 ? 1.0F : 0.0F;
  }
  return mask;
}

struct RunCase {
  const char* sampler = "euler";
  float cfg = 7;
  double denoise = 1;
  bool inpaint = false;
};

class SagRunsTest : public testing::TestWithParam<RunCase> {
 protected:
  // A start of two pictures, or that of one of them.
  static Latent start(std::vector<std::int64_t> items) {
    const Array both = random_array(3, {2, 4, kHeight, kWidth});
    Latent latent{.samples = {}, .batch_index = {}};
    std::vector<Array> samples;
    for (const std::int64_t item : items) {
      samples.push_back(both.slice(item, 1));
      latent.batch_index.push_back(item == 0 ? 4 : 1);
    }
    latent.samples = concat(samples);
    if (GetParam().inpaint) latent.noise_mask = right_half();
    return latent;
  }
  static Array run(const Model& model, const Latent& latent) {
    return sample(model, toy_prompt(1), toy_prompt(2), latent,
                  {.sampler = GetParam().sampler,
                   .steps = 3,
                   .cfg = GetParam().cfg,
                   .denoise = GetParam().denoise,
                   .seed = 11});
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model plain_ = test::toy_model(*device_);
  Model guided_ = with_sag(plain_, {});
};

TEST_P(SagRunsTest, EveryItemOfABatchIsThePictureItIsAlone) {
  const Array both = run(guided_, start({0, 1}));
  EXPECT_TRUE(std::ranges::all_of(both.values(), [](float v) { return std::isfinite(v); }));
  EXPECT_EQ(max_difference(both.slice(0, 1), run(guided_, start({0}))), 0);
  EXPECT_EQ(max_difference(both.slice(1, 1), run(guided_, start({1}))), 0);
}

TEST_P(SagRunsTest, ItActsWhereThePictureMayChange) {
  const Latent latent = start({0, 1});
  const Array guided = run(guided_, latent);
  const Array plain = run(plain_, latent);
  float kept = 0;
  float changed = 0;
  for (std::size_t i = 0; i < guided.size(); ++i) {
    const bool free = !GetParam().inpaint || static_cast<std::int64_t>(i) % kWidth >= kWidth / 2;
    float& largest = free ? changed : kept;
    largest = std::max(largest, std::abs(guided[i] - (free ? plain[i] : latent.samples[i])));
  }
  EXPECT_GT(changed, 1e-3F);
  EXPECT_LT(kept, 1e-4F);
}

TEST_P(SagRunsTest, TheAdvancedDefaultsAreThePlainMethodToTheBit) {
  const Latent latent = start({0, 1});
  EXPECT_EQ(max_difference(run(guided_, latent), run(with_advanced_sag(plain_, {}), latent)), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Runs, SagRunsTest,
    testing::Values(RunCase{}, RunCase{.cfg = 1}, RunCase{.denoise = 0.5},
                    RunCase{.denoise = 0.5, .inpaint = true}, RunCase{.cfg = 1, .inpaint = true},
                    RunCase{.sampler = "heun"}, RunCase{.sampler = "dpmpp_2m", .inpaint = true},
                    RunCase{.sampler = "euler_cfg_pp", .cfg = 0.8F},
                    RunCase{.sampler = "euler_cfg_pp", .cfg = 1, .denoise = 0.5},
                    RunCase{.sampler = "res_multistep_cfg_pp", .cfg = 1.2F, .inpaint = true},
                    RunCase{.sampler = "gradient_estimation_cfg_pp", .cfg = 1}),
    [](const testing::TestParamInfo<RunCase>& one) {
      const RunCase& run = one.param;
      return fmt::format("{}_cfg{}{}{}", run.sampler, std::lround(run.cfg * 10),
                         run.denoise < 1 ? "_img2img" : "", run.inpaint ? "_inpaint" : "");
    });

// Runs keep what they remember to themselves. One model, one device, two threads.
class SharedModelTest : public testing::TestWithParam<const char*> {};

TEST_P(SharedModelTest, TwoRunsAtOnceDrawWhatTheyDrawAlone) {
  const auto device = open_device(GetParam());
  // The economy remembers most: a push from one evaluation to the next.
  const Model model = with_advanced_sag(with_sag(test::toy_model(*device), {}),
                                        {.layers = "d0, m0", .economy = "fast"});
  const auto draw = [&](std::uint64_t seed, const Shape& shape) {
    return sample(model, toy_prompt(seed), toy_prompt(2), {.samples = Array(shape)},
                  {.steps = 5, .seed = seed});
  };
  const Shape small{1, 4, 8, 8};
  const Shape large{2, 4, 7, 8};
  const Array first = draw(1, small);
  const Array second = draw(2, large);
  for (int turn = 0; turn < 2; ++turn) {
    Array one;
    Array other;
    std::thread thread([&] { other = draw(2, large); });
    one = draw(1, small);
    thread.join();
    EXPECT_EQ(max_difference(one, first), 0);
    EXPECT_EQ(max_difference(other, second), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, SharedModelTest, testing::Values("reference", "cpu"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace sagitta
