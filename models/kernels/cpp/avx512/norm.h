// Layer normalization of one row in place, and the row quantized.
#pragma once

#include "vector.h"

namespace vecd {

constexpr int64_t NORM_STEP = 4 * LANES;  // four sums side by side, whose order never changes

static inline VECD_INLINE float add_up(const Floats (&sums)[4]) {
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

// Compiled once: of several not-a-numbers in a row it is the compiler's choice whose bits stay, and a row must have the
// same ones whichever kernel computed it.
void normalize_row(const LayerNorm& norm, const Quantization& quantization, float* row, uint8_t* quantized);

}  // namespace vecd
