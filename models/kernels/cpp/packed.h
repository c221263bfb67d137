// int8 weights in the order in which the multiplication reads them.
//
// Columns stand in panels of 64. In a panel, four values of a column that follow one another along the inner dimension
// lie side by side, as one lane of VPDPBUSD wants them: panel, inner / 4, column in panel, inner % 4.
#pragma once

#include "buffer.h"

namespace vecd {

constexpr int64_t PANEL_COLUMNS = 64;
constexpr int64_t TILE_ROWS = 6;  // rows that are multiplied with a panel at a time

struct PackedLinear {
  int64_t inner = 0, columns = 0;
  Buffer<int8_t> weights;
  Buffer<int32_t> start;  // what the sums begin with: minus the zero point times each column's sum
  Buffer<float> scales, bias;

  int64_t panels() const { return columns / PANEL_COLUMNS; }
  const int8_t* panel(int64_t index) const { return weights.data() + index * inner * PANEL_COLUMNS; }

  // Packs `values` (inner, columns), both multiples of 64; false where there is no memory.
  bool pack(const int8_t* values, int64_t inner, int64_t columns, int64_t zero_point);
};

}  // namespace vecd
