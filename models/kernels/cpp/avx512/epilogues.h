// What becomes of a product, sixteen floats at a time, whatever instructions computed it: one for each linear operator.
//
// prefetch(row, column) comes some time before, so that what is touched is there.
#pragma once

#include "gelu.h"
#include "vector.h"

namespace vecd {

namespace {

struct StoreFloats {
  float* output;
  int64_t columns;

  VECD_INLINE void prefetch(int64_t row, int64_t column) const { prefetch_to_write(output + row * columns + column); }
  VECD_INLINE void operator()(int64_t row, int64_t column, Floats values) const {
    store(output + row * columns + column, values);
  }
};

struct GeluAndQuantize {
  Gelu gelu;
  const float* multiplier;
  Floats zero_point;
  uint8_t* output;
  int64_t columns;

  VECD_INLINE void prefetch(int64_t row, int64_t column) const {
    if (column % PANEL_COLUMNS == 0) prefetch_to_write(output + row * columns + column);  // a row is one cache line
  }
  VECD_INLINE void operator()(int64_t row, int64_t column, Floats values) const {
    quantize(gelu(values), load(multiplier + column), zero_point, output + row * columns + column);
  }
};

struct AddResidual {
  const float* residual;
  float* hidden;
  int64_t width;

  VECD_INLINE void prefetch(int64_t row, int64_t column) const {
    prefetch_to_read(residual + row * width + column);
    prefetch_to_write(hidden + row * width + column);
  }
  VECD_INLINE void operator()(int64_t row, int64_t column, Floats values) const {
    const int64_t at = row * width + column;
    store(hidden + at, _mm512_add_ps(values, load(residual + at)));
  }
};

// Sums of a panel to floats, as they are handed to an epilogue: sum * scale + bias.
struct Dequantization {
  const float *scales, *bias;

  VECD_INLINE Floats operator()(Ints sum, int v) const {
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), load(scales + LANES * v), load(bias + LANES * v));
  }
};

}  // namespace

}  // namespace vecd
