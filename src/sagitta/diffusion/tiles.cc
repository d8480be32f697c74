#include "sagitta/diffusion/tiles.h"

#include "sagitta/base/error.h"
#include "sagitta/image/batch.h"

#include <cmath>

namespace sagitta {
namespace {

std::int64_t scaled_down(std::int64_t size, const TileScale& scale) {
  return size * scale.times / scale.divided;
}

// Halves go to the even neighbour.
std::int64_t scaled_nearest(std::int64_t place, const TileScale& scale) {
  return std::llrint(static_cast<double>(place * scale.times) / static_cast<double>(scale.divided));
}

// Rising from the near border and falling to the far one; flat if there is no room for that.
std::vector<float> ramps(std::int64_t size, std::int64_t feather) {
  std::vector<float> weights(static_cast<std::size_t>(size), 1.0F);
  if (feather >= size) return weights;
  for (std::int64_t step = 0; step < feather; ++step) {
    const float share = static_cast<float>(step + 1) / static_cast<float>(feather);
    weights[static_cast<std::size_t>(step)] *= share;
    weights[static_cast<std::size_t>(size - 1 - step)] *= share;
  }
  return weights;
}

std::vector<Piece> cut(const TileAxis& axis) {
  if (axis.length <= axis.tile) return {{.size = axis.length}};
  require(axis.tile > axis.overlap && axis.overlap >= 0, Fault::bad_input,
          "tiles of {} that overlap by {} make no step forward", axis.tile, axis.overlap);
  std::vector<Piece> pieces;
  for (std::int64_t begin = 0; begin < axis.length - axis.overlap;
       begin += axis.tile - axis.overlap) {
    pieces.push_back({.begin = begin, .size = std::min(axis.tile, axis.length - begin)});
  }
  return pieces;
}

}  // namespace

std::vector<Piece> make_pieces(const TileAxis& axis, const TileScale& scale) {
  std::vector<Piece> pieces = cut(axis);
  std::vector<float> sum(static_cast<std::size_t>(scaled_down(axis.length, scale)));
  for (Piece& piece : pieces) {
    const std::int64_t size = scaled_down(piece.size, scale);
    require(size > 0, Fault::bad_input, "a tile of {} pixels is smaller than a cell of the latent",
            piece.size);
    piece.target = scaled_nearest(piece.begin, scale);
    piece.weights = ramps(size, scaled_nearest(axis.overlap, scale));
    for (std::int64_t i = 0; i < size; ++i) {
      sum.at(static_cast<std::size_t>(piece.target + i)) +=
          piece.weights[static_cast<std::size_t>(i)];
    }
  }
  for (const float all : sum) {
    require(all > 0, Fault::bad_input, "tiles of {} that overlap by {} leave gaps in the latent",
            axis.tile, axis.overlap);
  }
  for (Piece& piece : pieces) {
    for (std::size_t i = 0; i < piece.weights.size(); ++i) {
      piece.weights[i] /= sum[static_cast<std::size_t>(piece.target) + i];
    }
  }
  return pieces;
}

bool needs_tiles(const TileAxis& rows, const TileAxis& cols) {
  return rows.length > rows.tile || cols.length > cols.tile;
}

void add_tiles(Array& sum, const Array& x, const std::vector<Piece>& rows,
               const std::vector<Piece>& cols, const std::function<Array(const Array&)>& run) {
  for (const Piece& row : rows) {
    for (const Piece& col : cols) {
      const Array part =
          run(crop(x, {.y = row.begin, .x = col.begin, .height = row.size, .width = col.size}));
      const auto height = static_cast<std::int64_t>(row.weights.size());
      const auto width = static_cast<std::int64_t>(col.weights.size());
      require(part.shape() == Shape{1, sum.dim(1), height, width}, Fault::internal,
              "a tile came out as {}, expected {} rows and {} columns", to_string(part.shape()),
              height, width);
      const float* from = part.data();
      for (std::int64_t channel = 0; channel < sum.dim(1); ++channel) {
        for (std::int64_t y = 0; y < height; ++y) {
          const float down = row.weights[static_cast<std::size_t>(y)];
          float* to =
              sum.data() + (channel * sum.dim(2) + row.target + y) * sum.dim(3) + col.target;
          for (const float across : col.weights) *to++ += *from++ * (down * across);
        }
      }
    }
  }
}

}  // namespace sagitta
