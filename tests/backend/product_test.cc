#include "sagitta/backend/cpu/product_f32.h"

#include "sagitta/backend/open.h"
#include "sagitta/core/device.h"
#include "sagitta/ops/conv2d.h"
#include "sagitta/ops/linear.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace sagitta {
namespace {

using cpu::MatrixRows;
using cpu::ProductPath;

std::vector<float> random_values(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<const ProductPath*> usable_paths() {
  std::vector<const ProductPath*> paths;
  for (const ProductPath* path : cpu::product_paths()) {
    if (path->usable()) paths.push_back(path);
  }
  return paths;
}

// A path with a matrix of rows and a panel; rows lie further apart than their length.
struct Problem {
  Problem(const ProductPath& with, std::int64_t row_count, std::int64_t length)
      : path(with),
        rows(row_count),
        depth(length),
        a(random_values(rows * a_step(), 1)),
        panel(random_values(depth * path.columns, 2)) {}

  [[nodiscard]] std::int64_t a_step() const { return depth + 3; }
  [[nodiscard]] std::int64_t out_step() const { return path.columns + 5; }

  // Rows [first, first + count), onto `start` everywhere if that is not 0.
  [[nodiscard]] std::vector<float> multiply(std::int64_t first, std::int64_t count,
                                            float start = 0) const {
    std::vector<float> out(static_cast<std::size_t>(count * out_step()), start);
    path.multiply({a.data() + first * a_step(), a_step()}, count, panel.data(), depth, start != 0,
                  {out.data(), out_step()});
    return out;
  }

  [[nodiscard]] double expected(std::int64_t row, std::int64_t column) const {
    double sum = 0;
    for (std::int64_t t = 0; t < depth; ++t) {
      sum += static_cast<double>(a[static_cast<std::size_t>(row * a_step() + t)]) *
             panel[static_cast<std::size_t>(t * path.columns + column)];
    }
    return sum;
  }

  const ProductPath& path;
  std::int64_t rows;
  std::int64_t depth;
  std::vector<float> a;
  std::vector<float> panel;
};

TEST(ProductPaths, TheSumsAreRightAndNothingElseIsWritten) {
  for (const ProductPath* path : usable_paths()) {
    for (const std::int64_t depth : {1, 7, 40, 333}) {
      for (std::int64_t rows = 1; rows <= 2 * path->rows + 1; ++rows) {
        const Problem problem(*path, rows, depth);
        constexpr float kStart = 0.5F;
        const std::vector<float> out = problem.multiply(0, rows, kStart);
        for (std::int64_t row = 0; row < rows; ++row) {
          for (std::int64_t column = 0; column < problem.out_step(); ++column) {
            const float value = out[static_cast<std::size_t>(row * problem.out_step() + column)];
            const bool written = column < path->columns;
            ASSERT_NEAR(value, kStart + (written ? problem.expected(row, column) : 0),
                        written ? 2e-6 * std::sqrt(depth) * 4 : 0)
                << path->name << ", depth " << depth << ", row " << row << " of " << rows
                << ", column " << column;
          }
        }
      }
    }
  }
}

TEST(ProductPaths, ARowDoesNotNoticeItsNeighbours) {
  for (const ProductPath* path : usable_paths()) {
    const std::int64_t rows = 2 * path->rows + 1;
    const Problem problem(*path, rows, 77);
    const std::vector<float> all = problem.multiply(0, rows);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto from = all.begin() + row * problem.out_step();
      EXPECT_EQ(problem.multiply(row, 1), std::vector<float>(from, from + problem.out_step()))
          << path->name << ", row " << row;
    }
  }
}

TEST(ProductTasks, CoverEveryRowAndPanelOnce) {
  const std::int64_t columns = cpu::product_path().columns;
  for (const std::int64_t rows : {1, 5, 97, 500}) {
    for (const std::int64_t panels : {1, 2, 41}) {
      const cpu::ProductTasks tasks(rows, panels * columns - 3, 100);
      std::vector<int> covered(static_cast<std::size_t>(rows * panels));
      for (std::int64_t i = 0; i < tasks.count(); ++i) {
        const auto task = tasks.at(i);
        EXPECT_LE(task.rows, tasks.most_rows());
        EXPECT_LE(task.panels, tasks.most_panels());
        for (std::int64_t row = task.row; row < task.row + task.rows; ++row) {
          for (std::int64_t panel = task.panel; panel < task.panel + task.panels; ++panel) {
            ++covered.at(static_cast<std::size_t>(row * panels + panel));
          }
        }
      }
      EXPECT_THAT(covered, testing::Each(1)) << rows << " rows, " << panels << " panels";
    }
  }
}

// In f32 on cpu, which adds in the same order for every number of rows.
class AloneAndTogetherTest : public testing::Test {
 protected:
  Tensor tensor(Shape shape) {
    const std::int64_t count = element_count(shape);
    return upload(*device_, Array(std::move(shape), random_values(count, 3)));
  }

  Weight weight(WeightUse use, const Shape& shape) {
    return load_weight(*device_, use,
                       to_stored(Array(shape, random_values(element_count(shape), 4))));
  }

  // Op on all samples of x, and on each of them alone.
  void expect_same_bits(const Tensor& x, const std::function<Tensor(const Tensor&)>& op) {
    const Tensor together = op(x);
    for (std::int64_t sample = 0; sample < x.dim(0); ++sample) {
      const Array alone = download(op(x.slice(sample, 1)));
      const Array part = download(together.slice(sample, 1));
      EXPECT_EQ(std::vector<float>(alone.values().begin(), alone.values().end()),
                std::vector<float>(part.values().begin(), part.values().end()))
          << "sample " << sample;
    }
  }

  std::unique_ptr<Device> device_ = open_device("cpu", {.compute = DType::f32});
};

TEST_F(AloneAndTogetherTest, Linear) {
  const Weight matrix = weight(WeightUse::linear, {70, 500});
  const Weight gated = weight(WeightUse::geglu, {2 * 70, 500});
  const Tensor x = tensor({3, 37, 500});
  expect_same_bits(x, [&](const Tensor& rows) { return ops::linear(rows, matrix); });
  expect_same_bits(x, [&](const Tensor& rows) { return ops::linear_geglu(rows, gated); });
}

// Blocks of rows that go through both products at once begin and end within samples.
TEST_F(AloneAndTogetherTest, FeedForwardAsItsTwoProducts) {
  const Weight gated = weight(WeightUse::geglu, {2 * 70, 32});
  const Weight matrix = weight(WeightUse::linear, {40, 70});
  const auto layer = [&](const Tensor& x) { return ops::feed_forward(x, gated, matrix); };
  const Tensor x = tensor({3, 1400, 32});
  expect_same_bits(x, layer);
  const Array one = download(layer(x));
  const Array two = download(ops::linear(ops::linear_geglu(x, gated), matrix));
  EXPECT_TRUE(std::equal(one.values().begin(), one.values().end(), two.values().begin()));
}

TEST_F(AloneAndTogetherTest, Convolutions) {
  const Weight few = weight(WeightUse::conv, {5, 4, 3, 3});
  const Weight many = weight(WeightUse::conv, {40, 32, 3, 3});
  const ops::Conv2dOptions same{.pad_before = 1, .pad_after = 1};
  const ops::Conv2dOptions half{.stride = 2, .pad_before = 1, .pad_after = 1};
  expect_same_bits(tensor({3, 9, 7, 4}),
                   [&](const Tensor& x) { return ops::conv2d(x, few, same); });
  const Tensor x = tensor({3, 9, 7, 32});
  expect_same_bits(x, [&](const Tensor& part) { return ops::conv2d(part, many, same); });
  expect_same_bits(x, [&](const Tensor& part) { return ops::conv2d(part, many, half); });
}

TEST_F(AloneAndTogetherTest, UpsamplingConvolutions) {
  const Weight conv = weight(WeightUse::upsample_conv, {20, 16, 3, 3});
  const Tensor x = tensor({3, 9, 7, 16});
  expect_same_bits(x, [&](const Tensor& part) { return ops::upsample_conv2d(part, conv, 18, 14); });
  expect_same_bits(x, [&](const Tensor& part) { return ops::upsample_conv2d(part, conv, 17, 15); });
}

}  // namespace
}  // namespace sagitta
