// Sixteen floats at a time: what all the arithmetic shares.
//
// Everything here is static: a function compiled with AVX-512 must not be merged with another file's copy of it.
// Multiplications and additions are fused where it is written, and only there (-ffp-contract=off), so that every way
// through the code rounds alike.
#pragma once

#include <immintrin.h>

#include "../compute.h"

#define VECD_INLINE __attribute__((always_inline))

namespace vecd {

using Floats = __m512;
using Ints = __m512i;

constexpr int64_t LANES = 16;

static inline VECD_INLINE Floats load(const float* from) { return _mm512_loadu_ps(from); }
static inline VECD_INLINE void store(float* to, Floats values) { _mm512_storeu_ps(to, values); }
static inline VECD_INLINE Floats repeat(float value) { return _mm512_set1_ps(value); }

static inline VECD_INLINE void prefetch_to_read(const void* from) { __builtin_prefetch(from, 0); }
static inline VECD_INLINE void prefetch_to_write(const void* to) { __builtin_prefetch(to, 1); }

// Round half to even of x * multiplier + zero_point into 0 to 255. The order of max's operands makes NaN 0; what is
// too large for an int32 converts to 2^31 as an unsigned number, which saturates too.
static inline VECD_INLINE void quantize(Floats x, Floats multiplier, Floats zero_point, uint8_t* to) {
  const Floats shifted = _mm512_max_ps(_mm512_fmadd_ps(x, multiplier, zero_point), _mm512_setzero_ps());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(shifted)));
}

// 2^x for x <= 0, relative error below 3e-7; 0 for minus infinity.
static inline VECD_INLINE Floats exp2(Floats x) {
  const Floats rest = _mm512_reduce_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const Floats whole = _mm512_sub_ps(x, rest);
  // On -0.5 to 0.5, the least greatest relative error (Remez): 7.5e-8 before rounding.
  Floats power = repeat(1.32764725e-03f);
  power = _mm512_fmadd_ps(power, rest, repeat(9.67554096e-03f));
  power = _mm512_fmadd_ps(power, rest, repeat(5.55071309e-02f));
  power = _mm512_fmadd_ps(power, rest, repeat(2.40221202e-01f));
  power = _mm512_fmadd_ps(power, rest, repeat(6.93146944e-01f));
  power = _mm512_fmadd_ps(power, rest, repeat(1.00000012f));
  return _mm512_scalef_ps(power, whole);
}

}  // namespace vecd
