// Pictures that are worked on piece by piece, since they are too large for one call: the pieces
// overlap, and each counts less towards its borders.
#pragma once

#include "sagitta/core/array.h"

#include <functional>
#include <vector>

namespace sagitta {

// The pieces along one axis, and how much of the result each of them makes.
struct Piece {
  std::int64_t begin = 0;  // in the source
  std::int64_t size = 0;
  std::int64_t target = 0;  // where its result begins
  // Of the places of its result; those of all pieces add up to 1 anywhere.
  std::vector<float> weights = {};
};

struct TileAxis {
  std::int64_t length = 0;   // of the source
  std::int64_t tile = 0;     // the largest size of a piece
  std::int64_t overlap = 0;  // of neighbours, less than `tile`; over it the weights rise linearly
};

// How sizes change from the source to the result.
struct TileScale {
  std::int64_t times = 1;
  std::int64_t divided = 1;
};

// One piece where the axis fits into a tile. Throws bad_input for tiles that leave no step forward
// and for pieces too small to make a cell.
[[nodiscard]] std::vector<Piece> make_pieces(const TileAxis& axis, const TileScale& scale);

// Whether any of two axes needs more than one piece.
[[nodiscard]] bool needs_tiles(const TileAxis& rows, const TileAxis& cols);

// Adds what `run` makes of every piece of x (1, C, H, W) to `sum` (1, D, h, w), weighted. `run`
// takes (1, C, rows, cols) and returns (1, D, ..) of the pieces' scaled sizes.
void add_tiles(Array& sum, const Array& x, const std::vector<Piece>& rows,
               const std::vector<Piece>& cols, const std::function<Array(const Array&)>& run);

}  // namespace sagitta
