#include "sagitta/backend/cpu/conv2d_int8.h"

#include "sagitta/backend/cpu/conv2d_bias.h"
#include "sagitta/backend/cpu/finish_int8.h"
#include "sagitta/backend/cpu/weights.h"
#include "sagitta/base/log.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace sagitta::cpu {
namespace {

constexpr std::int64_t kBlockBytes = 8 << 20;  // of sums

// The bytes of all samples and their scales.
struct Images {
  Frame frame;
  std::optional<PoolBlock> block;
  std::vector<ByteScale> scales;

  [[nodiscard]] const std::uint8_t* at(std::int64_t sample, std::int64_t row) const {
    return static_cast<const std::uint8_t*>(block->data()) + sample * frame.bytes() +
           row * frame.outer_width() * frame.channels;
  }
};

void quantize(const Conv2dArgs& args, Images& images) {
  const Tensor& x = args.x;
  images.frame = {.height = x.dim(1),
                  .width = x.dim(2),
                  .channels = x.dim(3),
                  .before = args.pad_before,
                  .after = args.pad_after};
  const std::int64_t values = x.dim(1) * x.dim(2) * x.dim(3);
  const std::size_t sample_bytes = static_cast<std::size_t>(values) * size_of(x.dtype());
  images.block.emplace(x.device(), static_cast<std::size_t>(x.dim(0) * images.frame.bytes()));
  for (std::int64_t sample = 0; sample < x.dim(0); ++sample) {
    const std::byte* const from =
        x.data<std::byte>() + static_cast<std::size_t>(sample) * sample_bytes;
    images.scales.push_back(scale_for(x.dtype(), from, values));
    quantize_image(
        x.dtype(), from, images.frame, images.scales.back(),
        static_cast<std::uint8_t*>(images.block->data()) + sample * images.frame.bytes());
  }
}

// Some samples, or a band of rows of one.
struct Block {
  std::int64_t sample = 0;
  std::int64_t samples = 1;
  std::int64_t row = 0;
  std::int64_t rows = 0;
};

class Convolution {
 public:
  Convolution(const Conv2dArgs& args, const Images& images, Tensor& out)
      : args_(args),
        images_(images),
        weight_(packed_as<PackedConv>(args.weight)),
        out_(out),
        bias_(args, out.device()) {}

  void run(const Block& block, std::int32_t* sums) {
    convolve(block, sums);
    finish(block, sums);
  }

 private:
  void convolve(const Block& block, std::int32_t* sums) {
    Device& device = out_.device();
    Context& context = device.context<Context>();
    const Shape& kernel = args_.weight.shape;
    // Whole images keep their rows that no kernel reaches.
    const bool whole = block.rows == out_.dim(1);
    const std::int64_t height =
        whole ? images_.frame.outer_height() : (block.rows - 1) * args_.stride + kernel[2];
    const ConvProblem problem{.type = kIntegers,
                              .batch = block.samples,
                              .height = height,
                              .width = images_.frame.outer_width(),
                              .in = kernel[1],
                              .out = kernel[0],
                              .kernel_h = kernel[2],
                              .kernel_w = kernel[3],
                              .stride = args_.stride};
    const auto plan = context.convs.find_or_make(problem, [&] {
      Plan made = plan_conv(context.engine, problem, &weight_.values.layout());
      log(LogLevel::debug, "cpu: int8 convolution of {} x {} x {} with {} by oneDNN's {}",
          problem.batch, problem.height, problem.width, to_string(kernel), made.implementation);
      return made;
    });
    const PoolBlock scratch(device, plan->scratch);
    cpu::run(context.engine, context.stream, *plan,
             {.x = images_.at(block.sample, block.row * args_.stride),
              .weights = weight_.values.in(device, plan->weights),
              .out = sums,
              .scratch = scratch.data()});
  }

  void finish(const Block& block, const std::int32_t* sums) {
    const std::int64_t columns = out_.dim(3);
    const std::int64_t width = out_.dim(2);
    const std::int64_t first = (block.sample * out_.dim(1) + block.row) * width * columns;
    const std::size_t offset = static_cast<std::size_t>(first) * size_of(out_.dtype());
    finish_int8({.type = out_.dtype(),
                 .rows = block.samples * block.rows * width,
                 .columns = columns,
                 .scales = images_.scales.data() + block.sample,
                 .rows_per_scale = block.rows * width,
                 .value = {sums, &weight_.int8, bias_.of(block.sample)},
                 .gate = {},
                 .bias_step = bias_.step(),
                 .residual = args_.residual == nullptr ? nullptr
                                                       : args_.residual->data<std::byte>() + offset,
                 .out = out_.data<std::byte>() + offset});
  }

  const Conv2dArgs& args_;
  const Images& images_;
  const PackedConv& weight_;
  Tensor& out_;
  SampleBiases bias_;
};

}  // namespace

void conv2d_int8(const Conv2dArgs& args, Tensor& out) {
  Images images;
  quantize(args, images);
  const std::int64_t batch = out.dim(0);
  const std::int64_t height = out.dim(1);
  const std::int64_t row_bytes = out.dim(2) * out.dim(3) * 4;
  const std::int64_t rows = std::clamp<std::int64_t>(kBlockBytes / row_bytes, 1, height);
  const std::int64_t samples =
      rows < height ? 1 : std::clamp<std::int64_t>(kBlockBytes / (row_bytes * height), 1, batch);
  const PoolBlock sums(out.device(), static_cast<std::size_t>(samples * rows * row_bytes));
  Convolution convolution(args, images, out);
  for (std::int64_t sample = 0; sample < batch; sample += samples) {
    for (std::int64_t row = 0; row < height; row += rows) {
      convolution.run({.sample = sample,
                       .samples = std::min(samples, batch - sample),
                       .row = row,
                       .rows = std::min(rows, height - row)},
                      static_cast<std::int32_t*>(sums.data()));
    }
  }
}

}  // namespace sagitta::cpu
