// Layer normalization of rows in place, and the rows quantized.
#pragma once

#include "vector.h"

namespace vecd {

constexpr int64_t NORM_STEP = 4 * LANES;  // four sums side by side, whose order never changes

static inline VECD_INLINE float add_up(const Floats (&sums)[4]) {
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

// What add(sum, values) makes of each of the rows, added up and divided by the width.
template <int Rows, class Add>
static inline VECD_INLINE void average(const float* rows, int64_t width, float (&averages)[Rows], const Add& add) {
  Floats sums[Rows][4];
#pragma GCC unroll 4
  for (int r = 0; r < Rows; r++) sums[r][0] = sums[r][1] = sums[r][2] = sums[r][3] = repeat(0);
  for (int64_t i = 0; i < width; i += NORM_STEP) {
#pragma GCC unroll 4
    for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 4
      for (int64_t c = 0; c < 4; c++) sums[r][c] = add(r, sums[r][c], load(rows + r * width + i + LANES * c));
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < Rows; r++) averages[r] = add_up(sums[r]) / static_cast<float>(width);
}

// Several rows at once give the bits of each alone. One waits for its sums, four hardly: on Zen 4 they take 0.73 of the
// time.
template <int Rows>
static inline void normalize_rows(const LayerNorm& norm, const Quantization& quantization, float* rows,
                                  uint8_t* quantized) {
  const int64_t width = norm.width;
  float averages[Rows];
  Floats mean[Rows], scale[Rows];
  average<Rows>(rows, width, averages, [](int, Floats sum, Floats x) VECD_INLINE { return _mm512_add_ps(sum, x); });
#pragma GCC unroll 4
  for (int r = 0; r < Rows; r++) mean[r] = repeat(averages[r]);
  average<Rows>(rows, width, averages, [&mean](int r, Floats sum, Floats x) VECD_INLINE {
    const Floats centered = _mm512_sub_ps(x, mean[r]);
    return _mm512_fmadd_ps(centered, centered, sum);
  });
#pragma GCC unroll 4
  for (int r = 0; r < Rows; r++) scale[r] = repeat(1.0f / __builtin_sqrtf(averages[r] + norm.epsilon));
  const Floats zero_point = repeat(quantization.zero_point);
  for (int64_t i = 0; i < width; i += LANES) {
    const Floats gamma = load(norm.gamma + i), beta = load(norm.beta + i);
#pragma GCC unroll 4
    for (int r = 0; r < Rows; r++) {
      const int64_t at = r * width + i;
      const Floats unit = _mm512_mul_ps(_mm512_sub_ps(load(rows + at), mean[r]), scale[r]);
      const Floats value = _mm512_fmadd_ps(unit, gamma, beta);
      store(rows + at, value);
      if (quantized != nullptr) quantize(value, load(quantization.multiplier + i), zero_point, quantized + at);
    }
  }
}

}  // namespace vecd
