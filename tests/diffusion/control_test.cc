#include "sagitta/diffusion/control.h"

#include "sagitta/backend/open.h"
#include "sagitta/base/error.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "support/toy_model.h"

#include <gmock/gmock.h>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;

class ControlTest : public testing::Test {
 protected:
  ControlNet toy_net(models::UnetSpec encoder = test::toy_spec()) {
    auto net = std::make_shared<models::ControlNet>(
        models::ControlNetSpec{.encoder = std::move(encoder),
                               .hint_channels = 3,
                               .hint_widths = {16, 16, 32, 32, 96, 96, 256}});
    models::RandomWeights weights(device_.get(), 11);
    net->params(weights);
    return {.device = device_.get(), .net = std::move(net)};
  }
  std::shared_ptr<const Control> control(Control wanted = {}) {
    wanted.net = net_;
    if (!wanted.hint) wanted.hint = std::make_shared<const Array>(random_array(5, {1, 64, 64, 3}));
    return std::make_shared<const Control>(std::move(wanted));
  }
  Array denoise(const Model& model, const Conditioning& positive, const Conditioning& negative,
                float sigma = 3, int max_entries = 0) {
    const Array x = random_array(1, {1, 4, 8, 8}) * sigma;
    const PreparedConditioning prepared = prepare_conditioning(positive, negative, model, 8, 8);
    RunScratch scratch;
    Denoiser denoiser(model, prepared, scratch, {.cfg = 5, .max_entries = max_entries});
    Array out = denoiser(x, sigma).denoised;
    calls_ = denoiser.calls();
    return out;
  }
  static Conditioning with(Conditioning conditioning, const std::shared_ptr<const Control>& control) {
    for (ConditioningEntry& entry : conditioning) entry.control = control;
    return conditioning;
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model model_ = test::toy_model(*device_);
  ControlNet net_ = toy_net();
  Conditioning positive_ = test::toy_prompt(2);
  Conditioning negative_ = test::toy_prompt(3);
  int calls_ = 0;
};

TEST_F(ControlTest, OutsideItsRangeNothingChanges) {
  const auto late = control({.start_percent = 0.9});
  EXPECT_EQ(max_difference(denoise(model_, with(positive_, late), with(negative_, late)),
                           denoise(model_, positive_, negative_)),
            0);
  const auto always = control();
  EXPECT_GT(max_difference(denoise(model_, with(positive_, always), with(negative_, always)),
                           denoise(model_, positive_, negative_)),
            1e-3F);
}

TEST_F(ControlTest, OnlyEntriesWithTheSameControlShareACall) {
  const auto one = control();
  const auto other = control();
  const Array together = denoise(model_, with(positive_, one), with(negative_, one));
  EXPECT_EQ(calls_, 1);
  const Array apart = denoise(model_, with(positive_, one), with(negative_, other));
  EXPECT_EQ(calls_, 2);
  EXPECT_LT(max_difference(together, apart), 1e-4F);
}

TEST_F(ControlTest, TwoHalvesAreAWhole) {
  const auto first = control({.strength = 0.5F});
  const auto both = control({.strength = 0.5F, .previous = first});
  const auto whole = control();
  EXPECT_LT(max_difference(denoise(model_, with(positive_, both), with(negative_, both)),
                           denoise(model_, with(positive_, whole), with(negative_, whole))),
            1e-4F);
}

TEST_F(ControlTest, AControlForBothListsIsTakenOverByTheNegative) {
  const auto one = control();
  Conditioning shared = with(positive_, one);
  shared[0].control_for_negative = true;
  EXPECT_EQ(max_difference(denoise(model_, shared, negative_),
                           denoise(model_, with(positive_, one), with(negative_, one))),
            0);
}

// The degraded pass is the negative's, so it must be steered as the negative is.
TEST_F(ControlTest, TheDegradedPassOfSagIsSteeredToo) {
  const auto one = control();
  const auto prediction = [&](Role role, const Conditioning& negative) {
    Model probe = model_;
    Array seen;
    probe.needs_uncond = true;
    probe.post_cfg.emplace_back([&](const CfgState& state) {
      seen = state.denoise(role, state.x, state.patches);
      return state.result;
    });
    static_cast<void>(denoise(probe, positive_, negative));
    return seen;
  };
  const Array steered = prediction(Role::degraded, with(negative_, one));
  EXPECT_GT(max_difference(steered, prediction(Role::degraded, negative_)), 1e-3F);
  EXPECT_EQ(max_difference(steered, prediction(Role::uncond, with(negative_, one))), 0);
}

TEST_F(ControlTest, RefusesAControlNetOfAnotherKindOfModel) {
  models::UnetSpec other = test::toy_spec();
  other.levels.push_back({.channels = 64, .input_depth = {0}, .output_depth = {}});
  net_ = toy_net(other);
  const auto wrong = control();
  EXPECT_THROW(static_cast<void>(denoise(model_, with(positive_, wrong), with(negative_, wrong))),
               Error);
}

}  // namespace
}  // namespace sagitta
