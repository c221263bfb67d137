#include "norm.h"

namespace vecd {

namespace {

Floats row_mean(const float* row, int64_t width) {
  Floats sums[4] = {repeat(0), repeat(0), repeat(0), repeat(0)};
  for (int64_t i = 0; i < width; i += NORM_STEP) {
    for (int64_t c = 0; c < 4; c++) sums[c] = _mm512_add_ps(sums[c], load(row + i + LANES * c));
  }
  return repeat(add_up(sums) / static_cast<float>(width));
}

Floats row_scale(const float* row, int64_t width, Floats mean, float epsilon) {
  Floats sums[4] = {repeat(0), repeat(0), repeat(0), repeat(0)};
  for (int64_t i = 0; i < width; i += NORM_STEP) {
    for (int64_t c = 0; c < 4; c++) {
      const Floats centered = _mm512_sub_ps(load(row + i + LANES * c), mean);
      sums[c] = _mm512_fmadd_ps(centered, centered, sums[c]);
    }
  }
  return repeat(1.0f / __builtin_sqrtf(add_up(sums) / static_cast<float>(width) + epsilon));
}

}  // namespace

void normalize_row(const LayerNorm& norm, const Quantization& quantization, float* row, uint8_t* quantized) {
  const Floats mean = row_mean(row, norm.width), scale = row_scale(row, norm.width, mean, norm.epsilon);
  const Floats zero_point = repeat(quantization.zero_point);
  for (int64_t i = 0; i < norm.width; i += LANES) {
    const Floats unit = _mm512_mul_ps(_mm512_sub_ps(load(row + i), mean), scale);
    const Floats value = _mm512_fmadd_ps(unit, load(norm.gamma + i), load(norm.beta + i));
    store(row + i, value);
    if (quantized != nullptr) quantize(value, load(quantization.multiplier + i), zero_point, quantized + i);
  }
}

}  // namespace vecd
