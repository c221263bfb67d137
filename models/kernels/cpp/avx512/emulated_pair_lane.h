// Lanes of two values in bfloat16 on processors without AVX512_BF16: the bits of pair_lane.h, slower.
//
// VDPBF16PS adds the product of the pair's second values, then that of the first, each with one rounding; what is not
// normal is zero, before and after (Intel's manual, volume 2). A product of two bfloat16 is exact in a float.

#pragma once

#include "vector.h"

namespace vecd {

namespace {

const int EXPONENT = 0x7f800000, SIGN = static_cast<int>(0x80000000u);

static inline VECD_INLINE Ints both(int bits) { return _mm512_set1_epi32(bits); }

static inline VECD_INLINE Floats flush(Floats values) {
  const Ints bits = _mm512_castps_si512(values);
  const __mmask16 tiny = _mm512_testn_epi32_mask(bits, both(EXPONENT));
  return _mm512_castsi512_ps(_mm512_mask_and_epi32(bits, tiny, bits, both(SIGN)));
}

// Round half to even into the low 16 bits; not-a-number stays one, and turns quiet.
static inline VECD_INLINE Ints round(Floats values) {
  const Ints bits = _mm512_castps_si512(flush(values));
  const Ints odd = _mm512_and_epi32(_mm512_srli_epi32(bits, 16), both(1));
  const Ints rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, both(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q);
  return _mm512_srli_epi32(_mm512_mask_or_epi32(rounded, nan, bits, both(0x400000)), 16);
}

struct EmulatedPairLane {
  using Unit = int32_t;
  using Vector = Ints;
  static constexpr int WIDTH = 2;

  static VECD_INLINE Ints pack(const Floats (&parts)[WIDTH]) {
    const __m256i low = _mm512_cvtepi32_epi16(round(parts[0])), high = _mm512_cvtepi32_epi16(round(parts[1]));
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  static VECD_INLINE Ints interleave(const Floats (&rows)[WIDTH]) {
    return _mm512_or_epi32(round(rows[0]), _mm512_slli_epi32(round(rows[1]), 16));
  }
  static VECD_INLINE Floats as_floats(Ints lanes) { return _mm512_castsi512_ps(lanes); }
  static VECD_INLINE Ints repeat(int32_t value) { return both(value); }
  static VECD_INLINE Ints load(const int32_t* from) { return _mm512_loadu_si512(from); }
  static VECD_INLINE void store(int32_t* to, Ints values) { _mm512_storeu_si512(to, values); }
  static VECD_INLINE Floats first(Ints pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
  static VECD_INLINE Floats second(Ints pairs) {
    return _mm512_castsi512_ps(_mm512_and_epi32(pairs, both(static_cast<int>(0xffff0000u))));
  }
  static VECD_INLINE void multiply_add(Floats& sum, Ints left, Ints right) {
    sum = flush(_mm512_fmadd_ps(second(left), second(right), flush(sum)));
    sum = flush(_mm512_fmadd_ps(first(left), first(right), sum));
  }
};

}  // namespace

}  // namespace vecd
