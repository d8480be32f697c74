#include "sagitta/backend/cpu/linear_amx.h"

#include "sagitta/backend/cpu/gelu_table.h"
#include "sagitta/core/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace sagitta::cpu {
namespace {

double gelu(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }

// A layer with matrices (in, columns) and its results.
struct Layer {
  std::int64_t rows;
  std::int64_t in;
  std::int64_t columns;
  std::vector<float> x;      // (rows, in)
  std::vector<float> value;  // (in, columns)
  std::vector<float> gate;   // (in, columns)
  std::vector<float> value_bias;
  std::vector<float> gate_bias;

  Layer(std::int64_t row_count, std::int64_t in_count, std::int64_t column_count)
      : rows(row_count),
        in(in_count),
        columns(column_count),
        x(size(rows * in)),
        value(size(in * columns)),
        gate(size(in * columns)),
        value_bias(size(columns)),
        gate_bias(size(columns)) {}

  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  // Panels of 32 columns: (panel, depth, pair, column in the panel, of the pair).
  [[nodiscard]] std::vector<std::uint16_t> panels(const std::vector<float>& matrix) const {
    std::vector<std::uint16_t> packed(matrix.size());
    for (std::int64_t k = 0; k < in; ++k) {
      for (std::int64_t column = 0; column < columns; ++column) {
        const std::int64_t step = column / 32 * (in / 32) + k / 32;
        const std::int64_t to = ((step * 16 + k % 32 / 2) * 32 + column % 32) * 2 + k % 2;
        packed[size(to)] = f32_to_bf16(matrix[size(k * columns + column)]);
      }
    }
    return packed;
  }

  static std::vector<std::uint16_t> halves(const std::vector<float>& values) {
    std::vector<std::uint16_t> result;
    for (const float one : values) result.push_back(f32_to_bf16(one));
    return result;
  }

  static std::vector<float> floats(const std::vector<std::uint16_t>& values) {
    std::vector<float> result;
    for (const std::uint16_t one : values) result.push_back(bf16_to_f32(one));
    return result;
  }

  // What a kernel reads and writes, and a part that is the whole layer.
  struct Operands {
    std::vector<std::uint16_t> x;
    std::vector<std::uint16_t> out;
    std::vector<std::uint16_t> scratch;
    LinearPart part;

    explicit Operands(const Layer& layer)
        : x(halves(layer.x)),
          out(size(layer.rows * layer.columns)),
          scratch(size(kLinearRows * layer.in)),
          part{.in = layer.in,
               .out = layer.columns,
               .x = x.data(),
               .rows = layer.rows,
               .columns = layer.columns,
               .results = out.data()} {}
  };

  static const std::byte* bytes(const std::vector<std::uint16_t>& values) {
    return reinterpret_cast<const std::byte*>(values.data());
  }

  // The gated layer.
  [[nodiscard]] std::vector<float> run_gated() const {
    Operands operands(*this);
    const std::vector<std::uint16_t> value_panels = panels(value);
    const std::vector<std::uint16_t> gate_panels = panels(gate);
    geglu_amx({.part = operands.part,
               .value = bytes(value_panels),
               .gate = bytes(gate_panels),
               .value_bias = value_bias.data(),
               .gate_bias = gate_bias.data(),
               .gelu = &gelu_table()},
              operands.scratch.data());
    return floats(operands.out);
  }

  // The layer of `value` alone, with a residual where one is given.
  [[nodiscard]] std::vector<float> run(const std::vector<float>& residual) const {
    Operands operands(*this);
    const std::vector<std::uint16_t> value_panels = panels(value);
    const std::vector<std::uint16_t> added = halves(residual);
    linear_amx({.part = operands.part,
                .weights = bytes(value_panels),
                .bias = value_bias.data(),
                .residual = added.empty() ? nullptr : added.data()},
               operands.scratch.data());
    return floats(operands.out);
  }

  // Sums of a row with a column.
  [[nodiscard]] double sum(const std::vector<float>& matrix, std::int64_t row,
                           std::int64_t column) const {
    double total = 0;
    for (std::int64_t k = 0; k < in; ++k) {
      total += static_cast<double>(x[size(row * in + k)]) * matrix[size(k * columns + column)];
    }
    return total;
  }
};

// Small integers, whose sums are exact.
TEST(LinearAmx, IsExactOnIntegers) {
  for (const std::int64_t rows : {1, 32, 77, 130}) {
    for (const std::int64_t in : {32, 96}) {
      Layer layer(rows, in, 96);
      std::mt19937 random(5);
      std::uniform_int_distribution<int> small(-2, 2);
      std::vector<float> residual(Layer::size(rows * layer.columns));
      for (auto* values : {&layer.x, &layer.value, &layer.value_bias, &residual}) {
        for (float& value : *values) value = static_cast<float>(small(random));
      }
      for (const bool adds : {false, true}) {
        const std::vector<float> got = layer.run(adds ? residual : std::vector<float>());
        for (std::int64_t row = 0; row < rows; ++row) {
          for (std::int64_t column = 0; column < layer.columns; ++column) {
            const auto at = Layer::size(row * layer.columns + column);
            const double sum =
                layer.sum(layer.value, row, column) + layer.value_bias[Layer::size(column)];
            ASSERT_EQ(got[at], sum + (adds ? residual[at] : 0))
                << rows << " rows, " << in << " in, at " << row << ", " << column;
          }
        }
      }
    }
  }
}

// Panels of 5120 values are too large to be kept or fetched ahead, and 576 columns of 1024 values
// too many to be kept: rows are walked along for each panel.
TEST(LinearAmx, IsExactWherePanelsAreNotKept) {
  for (const auto& [in, columns] : {std::pair{5120, 128}, {1024, 576}}) {
    Layer layer(70, in, columns);
    for (std::int64_t k = 0; k < layer.in; ++k) {
      for (std::int64_t i = 0; i < layer.rows; ++i) {
        layer.x[Layer::size(i * layer.in + k)] = (i + k) % 97 == 0 ? 1 : 0;
      }
      for (std::int64_t i = 0; i < layer.columns; ++i) {
        layer.value[Layer::size(k * layer.columns + i)] = static_cast<float>((i + k) % 3);
      }
    }
    layer.gate_bias.assign(Layer::size(columns), 100);  // a gate of 100
    const std::vector<float> got = layer.run({});
    const std::vector<float> gated = layer.run_gated();
    for (std::int64_t row = 0; row < layer.rows; ++row) {
      for (std::int64_t column = 0; column < layer.columns; ++column) {
        const double sum = layer.sum(layer.value, row, column);
        ASSERT_EQ(got[Layer::size(row * layer.columns + column)], sum);
        ASSERT_NEAR(gated[Layer::size(row * layer.columns + column)], 100 * sum, 0.5 * sum);
      }
    }
  }
}

// A part of the columns leaves the others alone, and a bias may be missing.
TEST(LinearAmx, PartOfTheColumns) {
  Layer layer(33, 64, 128);
  std::mt19937 random(5);
  std::uniform_int_distribution<int> small(-2, 2);
  for (auto* values : {&layer.x, &layer.value}) {
    for (float& value : *values) value = static_cast<float>(small(random));
  }
  const std::vector<std::uint16_t> panels = layer.panels(layer.value);
  Layer::Operands operands(layer);
  operands.out.assign(operands.out.size(), f32_to_bf16(77));
  LinearPart part = operands.part;
  part.columns = 64;
  part.results = operands.out.data() + 32;
  linear_amx({.part = part,
              .weights = Layer::bytes(panels) + 32 * layer.in * 2,
              .bias = nullptr,
              .residual = nullptr},
             operands.scratch.data());
  for (std::int64_t row = 0; row < 33; ++row) {
    for (std::int64_t column = 0; column < 128; ++column) {
      const bool inside = column >= 32 && column < 96;
      const double want = inside ? layer.sum(layer.value, row, column) : 77;
      ASSERT_EQ(bf16_to_f32(operands.out[Layer::size(row * 128 + column)]), want)
          << row << ", " << column;
    }
  }
}

TEST(GegluAmx, MatchesTheDefinition) {
  for (const std::int64_t rows : {1, 32, 77}) {
    for (const std::int64_t in : {32, 96}) {
      Layer layer(rows, in, 96);
      std::mt19937 random(5);
      std::normal_distribution<float> normal;
      for (auto* values :
           {&layer.x, &layer.value, &layer.gate, &layer.value_bias, &layer.gate_bias}) {
        for (float& value : *values) value = bf16_to_f32(f32_to_bf16(0.5F * normal(random)));
      }
      const std::vector<float> got = layer.run_gated();
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < layer.columns; ++column) {
          const auto at = Layer::size(column);
          const double value = layer.sum(layer.value, row, column) + layer.value_bias[at];
          const double want =
              value * gelu(layer.sum(layer.gate, row, column) + layer.gate_bias[at]);
          // Half of a bf16 and the error of the table.
          const double error = std::abs(want) * (0x1p-8 + 7e-4) + std::abs(value) * 1e-5;
          ASSERT_NEAR(got[Layer::size(row * layer.columns + column)], want, error)
              << rows << " rows, " << in << " in, at " << row << ", " << column;
        }
      }
    }
  }
}

// Gates are what stands in x.
TEST(GegluAmx, GatesOfAllSizes) {
  Layer layer(64, 32, 32);
  for (std::int64_t i = 0; i < 32; ++i) layer.gate[Layer::size(i * 32 + i)] = 1;
  layer.value_bias.assign(32, 1);
  for (std::size_t i = 0; i < layer.x.size(); ++i) {
    layer.x[i] = bf16_to_f32(f32_to_bf16(-12 + 0.0137F * static_cast<float>(i)));
  }
  std::vector<float> got = layer.run_gated();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double want = gelu(layer.x[i]);
    ASSERT_NEAR(got[i], want, std::abs(want) * (0x1p-8 + 7e-4) + 7e-6) << layer.x[i];
  }
}

TEST(GegluAmx, GatesBeyondAllBounds) {
  const float infinity = std::numeric_limits<float>::infinity();
  Layer layer(1, 32, 32);
  layer.value_bias.assign(32, 1);
  layer.gate_bias = {0, 0x1p99F, -0x1p99F, infinity, -infinity, 5, -5, 1e-20F};
  layer.gate_bias.resize(32);
  const std::vector<float> got = layer.run_gated();
  EXPECT_EQ(got[0], 0);
  EXPECT_EQ(got[1], 0x1p99F);
  EXPECT_NEAR(got[2], 0, 1e-9);
  EXPECT_EQ(got[3], infinity);
  EXPECT_NEAR(got[4], 0, 1e-9);
  EXPECT_EQ(got[5], 5);
  EXPECT_NEAR(got[6], 0, 7e-6);
  EXPECT_NEAR(got[7] / 1e-20F, 0.5, 0.005);
}

TEST(GegluAmx, NanSpoilsItsRowOnly) {
  Layer layer(40, 32, 32);
  layer.gate_bias.assign(32, 3);
  layer.value_bias.assign(32, 1);
  layer.x[35 * 32 + 3] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> got = layer.run_gated();
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(std::isnan(got[i]), i / 32 == 35) << i;
  }
}

}  // namespace
}  // namespace sagitta::cpu
