// Self-Attention Guidance is right however the conditionings come: in several calls, on areas,
// under masks, for a part of the schedule.
#include "sagitta/backend/open.h"
#include "sagitta/diffusion/denoise.h"
#include "sagitta/diffusion/guidance/sag.h"
#include "sagitta/diffusion/guidance/sag_map.h"
#include "support/toy_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sagitta {
namespace {

using test::max_difference;
using test::random_array;
using test::toy_prompt;

Conditioning operator+(Conditioning a, const Conditioning& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class SagConditionsTest : public testing::Test {
 protected:
  static constexpr std::int64_t kHeight = 13;
  static constexpr std::int64_t kWidth = 18;

  Array denoise(const Model& model, const Conditioning& negative, DenoiseOptions options = {},
                float sigma = 3, std::int64_t batch = 1) {
    const auto conditioning = prepare_conditioning(toy_prompt(1), negative, model, kHeight, kWidth);
    RunScratch scratch;
    Denoiser denoiser(model, conditioning, scratch, options);
    Array result = denoiser(random_array(5, {batch, 4, kHeight, kWidth}) * sigma, sigma).denoised;
    calls_ = denoiser.calls();
    return result;
  }

  // Received attention per cell, as the guidance saw it: (B, H, W).
  Array received(const Conditioning& negative, float sigma = 3) {
    Model watched = with_sag(plain_, {});
    Array seen;
    watched.sag_observers.emplace_back([&](const SagTrace& trace) { seen = trace.received; });
    static_cast<void>(denoise(watched, negative, {}, sigma));
    return seen;
  }

  // A mask of the left `columns` of the latent, or of all others.
  static std::shared_ptr<const Array> columns(std::int64_t columns, bool others = false) {
    Array mask({1, kHeight, kWidth});
    for (std::size_t i = 0; i < mask.size(); ++i) {
      mask[i] = (static_cast<std::int64_t>(i) % kWidth < columns) != others ? 1.0F : 0.0F;
    }
    return std::make_shared<const Array>(std::move(mask));
  }
  static Conditioning on_area(Conditioning conditioning) {
    conditioning[0].area = AreaSpec{.height = 9, .width = 11, .y = 3, .x = 7};
    return conditioning;
  }

  std::unique_ptr<Device> device_ = open_device("reference");
  Model plain_ = test::toy_model(*device_);
  int calls_ = 0;
};

// Positive and negatives of all kinds, texts of unequal length among them. In f32, a sample does
// not notice its batch.
TEST_F(SagConditionsTest, AnyNumberOfCallsGivesTheSameBits) {
  Conditioning masked = toy_prompt(6);
  masked[0].mask = columns(5);
  Conditioning weak = toy_prompt(4, 14);
  weak[0].strength = 0.3F;
  const Conditioning negative =
      toy_prompt(2) + toy_prompt(3) + weak + on_area(toy_prompt(5)) + masked;
  for (const char* name : {"reference", "cpu"}) {
    const auto device = open_device(name, {.compute = DType::f32});
    const Model model = with_sag(test::toy_model(*device), {});
    const Array together = denoise(model, negative, {}, 3, 2);
    const int least = calls_;
    EXPECT_EQ(least, 4);  // whole latents and areas, each with and without degradation
    for (const int entries : {1, 2, 3, 4}) {
      const Array chunked = denoise(model, negative, {.max_entries = entries}, 3, 2);
      EXPECT_GT(calls_, least);
      EXPECT_EQ(max_difference(together, chunked), 0) << entries << " entries per call on " << name;
    }
  }
}

// Two negatives side by side: in its half each is alone, so the map is that of a run with it alone.
TEST_F(SagConditionsTest, EachNegativeSpeaksForTheCellsOfItsMask) {
  Conditioning left = toy_prompt(2);
  left[0].mask = columns(6);
  Conditioning right = toy_prompt(3);
  right[0].mask = columns(6, true);
  right[0].strength = 0.25F;  // does not matter where it is alone
  const Array both = received(left + right);
  const Array left_alone = received(toy_prompt(2));
  const Array right_alone = received(toy_prompt(3));
  EXPECT_GT(max_difference(left_alone, right_alone), 1e-3F);
  for (std::size_t i = 0; i < both.size(); ++i) {
    const bool is_left = i % static_cast<std::size_t>(kWidth) < 6;
    EXPECT_FLOAT_EQ(both[i], is_left ? left_alone[i] : right_alone[i]) << "cell " << i;
  }
}

TEST_F(SagConditionsTest, CombinedNegativesCountByTheirStrength) {
  Conditioning weak = toy_prompt(3);
  weak[0].strength = 0.5F;
  const Array both = received(toy_prompt(2) + weak);
  const Array first = received(toy_prompt(2));
  const Array second = received(toy_prompt(3));
  for (std::size_t i = 0; i < both.size(); ++i) {
    EXPECT_NEAR(both[i], (first[i] + 0.5F * second[i]) / 1.5F, 1e-6F) << "cell " << i;
  }
}

// The area's own grid of tokens lies on its own cells, and its feather is its weight there.
TEST_F(SagConditionsTest, AnAreaCountsOnItsCellsWithItsWeights) {
  Array of_area;
  Grid grid;
  Model watched = plain_;
  watched.patches = watched.patches.observe_received(
      {.stage = Stage::middle, .depth = 0}, Role::uncond, [&](const ReceivedAttention& seen) {
        for (std::size_t i = 0; i < seen.pass.rows.size(); ++i) {
          if (seen.pass.rows[i].role != Role::uncond || seen.pass.rows[i].area.width != 11)
            continue;
          of_area = seen.values.slice(static_cast<std::int64_t>(i), 1);
          grid = seen.grid;
        }
      });
  const Conditioning negative = toy_prompt(2) + on_area(toy_prompt(3));
  static_cast<void>(denoise(watched, negative));
  ASSERT_EQ(grid, (Grid{.rows = 5, .cols = 6}));
  const Array both = received(negative);
  const Array whole = received(toy_prompt(2));
  for (std::int64_t y = 0; y < kHeight; ++y) {
    for (std::int64_t x = 0; x < kWidth; ++x) {
      const auto cell = static_cast<std::size_t>(y * kWidth + x);
      const std::int64_t down = y - 3;
      const std::int64_t right = x - 7;
      float expected = whole[cell];
      if (down >= 0 && down < 9 && right >= 0 && right < 11) {
        // Feathers of 9 / 4 = 2 rows above and below and 11 / 4 = 2 columns on the left; on the
        // right the area ends with the latent.
        float weight = 1;
        if (down == 0 || down == 8) weight *= 0.5F;
        if (right == 0) weight *= 0.5F;
        const auto token = static_cast<std::size_t>(down * 5 / 9 * 6 + right * 6 / 11);
        expected = (whole[cell] + weight * of_area[token]) / (1 + weight);
      }
      EXPECT_NEAR(both[cell], expected, 1e-6F) << "row " << y << ", column " << x;
    }
  }
}

TEST_F(SagConditionsTest, ANegativeOutsideItsRangeIsAsIfItWereNotThere) {
  const Model model = with_sag(plain_, {});
  Conditioning early = toy_prompt(3);
  early[0].end_percent = 0.5;
  const Conditioning both = toy_prompt(2) + early;
  EXPECT_EQ(max_difference(denoise(model, both, {}, 0.5F), denoise(model, toy_prompt(2), {}, 0.5F)),
            0);
  EXPECT_GT(max_difference(denoise(model, both, {}, 10), denoise(model, toy_prompt(2), {}, 10)),
            1e-4F);
}

// The rows of the degraded pass: every active negative once per item, under its own name, with its
// own text and nothing of the positive.
TEST_F(SagConditionsTest, TheDegradedPassIsThatOfTheNegatives) {
  Conditioning negative = toy_prompt(2) + on_area(toy_prompt(3));
  const auto first = std::make_shared<const TokenTexts>(TokenTexts(7, "first"));
  const auto second = std::make_shared<const TokenTexts>(TokenTexts(7, "second"));
  negative[0].tokens = first;
  negative[1].tokens = second;
  std::vector<Row> rows;
  int plain_calls = 0;
  Model watched = plain_;
  watched.patches = watched.patches.around_attn(
      {.kind = AttnKind::cross, .site = AttnSite{.stage = Stage::middle}},
      [&](const AttnCall& call, const AttendFn& inner) {
        const auto is_degraded = [](const Row& row) { return row.role == Role::degraded; };
        const std::vector<Row>& all = call.layer.pass.rows;
        const auto count = std::ranges::count_if(all, is_degraded);
        if (count == 0) ++plain_calls;
        EXPECT_TRUE(count == 0 || std::cmp_equal(count, all.size())) << "roles are mixed";
        if (count > 0) rows.insert(rows.end(), all.begin(), all.end());
        return inner(call);
      });
  static_cast<void>(denoise(with_sag(watched, {}), negative, {}, 3, 2));
  EXPECT_EQ(calls_, 4);
  EXPECT_EQ(plain_calls, 2);
  ASSERT_EQ(rows.size(), 4U);  // two items for each of two negatives
  EXPECT_EQ(std::ranges::count(rows, first.get(), &Row::tokens), 2);
  EXPECT_EQ(std::ranges::count(rows, second.get(), &Row::tokens), 2);
  for (const Row& row : rows) EXPECT_EQ(row.area.width, row.tokens == second.get() ? 11 : kWidth);
}

TEST(SagMap, IsTheWeightedMeanOfWhatCoversACell) {
  // Latent of 2x4 cells. The whole: tokens 1 and 3, two columns each. An area of the right three
  // columns: one token of 5 with the weights 1, 0, 3.
  const Array weight({2, 3}, {1, 0, 3, 1, 0, 3});
  const UnetPass pass{.rows = {{.role = Role::uncond, .area = {.height = 2, .width = 4}},
                               {.role = Role::cond, .area = {.height = 2, .width = 4}}},
                      .latent_height = 2,
                      .latent_width = 4};
  const UnetPass part{.rows = {{.role = Role::uncond,
                                .area = {.x = 1, .height = 2, .width = 3},
                                .weight = &weight}},
                      .latent_height = 2,
                      .latent_width = 4};
  sag::ReceivedMap map;
  map.add({.values = Array({2, 2}, {1, 3, 100, 100}),
           .at = {},
           .grid = {.rows = 1, .cols = 2},
           .pass = pass},
          Role::uncond);
  map.add({.values = Array({1, 1}, 5), .at = {}, .grid = {.rows = 1, .cols = 1}, .pass = part},
          Role::uncond);
  const Array mean = map.mean();
  // 1; (1 + 5) / 2; 3; (3 + 3 * 5) / 4, in both rows.
  EXPECT_EQ(max_difference(mean, Array({1, 2, 4}, {1, 3, 3, 4.5F, 1, 3, 3, 4.5F})), 0);
}

}  // namespace
}  // namespace sagitta
