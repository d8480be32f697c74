// Convolutions on a GPU by each way there is, whichever it would choose.
#include "backend/twin.h"
#include "sagitta/backend/cuda/context.h"
#include "sagitta/backend/cuda/conv2d_tiles.h"
#include "sagitta/backend/cuda/open.h"
#include "sagitta/ops/conv2d.h"

namespace sagitta::cuda {
namespace {

class OlderProducts : public testing::Test {
 protected:
  // Every twin test of convolutions uses the best products that the GPU has; these are the others.
  void SetUp() override {
    if (count() == 0) GTEST_SKIP() << "no CUDA device";
    device_ = open("cuda", {.compute = DType::bf16});
    device_->context<Context>().wgmma = false;
  }

  void expect_twins(const std::function<Tensor(Side&)>& op) {
    Side side(*device_, DType::bf16);
    Side oracle(*reference_, DType::bf16);
    EXPECT_LE(relative_error(download(op(side)), download(op(oracle))),
              tolerance({.device = "cuda:0", .compute = DType::bf16}));
  }

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<Device> reference_ = open_device("reference");
};

TEST_F(OlderProducts, ConvolutionsAgree) {
  struct Case {
    Shape x;
    std::int64_t channels;
    int stride = 1;
  };
  for (const Case& c :
       {Case{{2, 8, 8, 640}, 72}, Case{{1, 33, 40, 24}, 19}, Case{{2, 40, 32, 64}, 704},
        Case{{3, 64, 64, 64}, 128}, Case{{2, 17, 16, 64}, 64, 2}}) {
    SCOPED_TRACE(to_string(c.x));
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor(c.x);
      const Weight weight = side.weight(WeightUse::conv, {c.channels, c.x[3], 3, 3});
      const Weight bias = side.weight(WeightUse::vector, {c.channels}, 3);
      const Tensor row_bias = side.tensor({c.x[0], c.channels}, 5);
      return ops::conv2d(x, weight,
                         {.bias = &bias,
                          .row_bias = &row_bias,
                          .stride = c.stride,
                          .pad_before = 1,
                          .pad_after = 1});
    });
  }
}

TEST_F(OlderProducts, UpsamplingAgrees) {
  for (const std::int64_t height : {18, 13, 5}) {
    SCOPED_TRACE(height);
    expect_twins([&](Side& side) {
      const Tensor x = side.tensor({2, 9, 12, 72});
      const Weight weight = side.weight(WeightUse::upsample_conv, {40, 72, 3, 3});
      return ops::upsample_conv2d(x, weight, height, 24);
    });
  }
}

ConvShape square(std::int64_t samples, int side, int channels, int out_channels) {
  return {.samples = samples,
          .source_height = side,
          .source_width = side,
          .height = side,
          .width = side,
          .channels = channels,
          .out_height = side,
          .out_width = side,
          .out_channels = out_channels,
          .kernel_h = 3,
          .kernel_w = 3,
          .stride = 1,
          .padding = 1};
}

TEST(CutConv, FewTilesOfGreatDepthAreCutIntoParts) {
  EXPECT_GT(cut_conv(square(1, 8, 1280, 1280), 132, false).parts, 4);
  EXPECT_GT(cut_conv(square(1, 8, 1280, 1280), 132, true).parts, 4);
}

TEST(CutConv, ManyTilesAreNot) {
  EXPECT_EQ(cut_conv(square(1, 512, 256, 256), 132, false).parts, 1);
  EXPECT_EQ(cut_conv(square(1, 512, 256, 256), 132, true).parts, 1);
}

TEST(CutConv, PartsAreNeverMoreThanSteps) {
  ConvShape shape = square(1, 1, 8, 8);
  EXPECT_LE(cut_conv(shape, 132, true).parts, 9);
  shape.kernel_h = shape.kernel_w = 1;
  EXPECT_EQ(cut_conv(shape, 132, true).parts, 1);
}

TEST(CutConv, FewChannelsTakeNarrowTiles) {
  EXPECT_EQ(cut_conv(square(2, 64, 320, 4), 132, false).columns, 64);
}

}  // namespace
}  // namespace sagitta::cuda
