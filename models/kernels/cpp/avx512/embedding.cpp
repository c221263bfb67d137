#include "norm.h"

namespace vecd {

void embed_token(const LayerNorm& norm, const Quantization& quantization, const int8_t* word, float word_scale,
                 const float* position, float* hidden, uint8_t* quantized) {
  const Floats scale = repeat(word_scale);
  for (int64_t i = 0; i < norm.width; i += LANES) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(word + i));
    const Floats values = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
    store(hidden + i, _mm512_fmadd_ps(values, scale, load(position + i)));
  }
  normalize_row(norm, quantization, hidden, quantized);
}

}  // namespace vecd
