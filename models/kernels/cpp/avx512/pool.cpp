#include "norm.h"

namespace vecd {

void pool_mean(const float* hidden, int64_t tokens, int64_t width, float* pooled) {
  const Floats count = repeat(static_cast<float>(tokens));
  for (int64_t i = 0; i < width; i += NORM_STEP) {
    Floats sums[4];
    for (int64_t c = 0; c < 4; c++) sums[c] = load(hidden + i + LANES * c);
    for (int64_t token = 1; token < tokens; token++) {
      const float* row = hidden + token * width + i;
      for (int64_t c = 0; c < 4; c++) sums[c] = _mm512_add_ps(sums[c], load(row + LANES * c));
    }
    for (int64_t c = 0; c < 4; c++) store(pooled + i + LANES * c, _mm512_div_ps(sums[c], count));
  }
}

void normalize_l2(const float* row, int64_t width, float* normalized) {
  Floats sums[4] = {repeat(0), repeat(0), repeat(0), repeat(0)};
  for (int64_t i = 0; i < width; i += NORM_STEP) {
    for (int64_t c = 0; c < 4; c++) {
      const Floats value = load(row + i + LANES * c);
      sums[c] = _mm512_fmadd_ps(value, value, sums[c]);
    }
  }
  const float length = __builtin_sqrtf(add_up(sums));
  const Floats divisor = repeat(length == 0 ? 1 : length);  // a row of zeros stays one
  for (int64_t i = 0; i < width; i += LANES) store(normalized + i, _mm512_div_ps(load(row + i), divisor));
}

}  // namespace vecd
