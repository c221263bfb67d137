// Lanes of two values in bfloat16, on processors that have AVX512_BF16.
//
// VDPBF16PS takes pairs: two neighbouring values of a head in query and key, two neighbouring tokens in weight and
// value. A pair fills the 32 bits of a float's lane, so that the transposition is the one of floats.

#pragma once

#include "vector.h"

namespace vecd {

namespace {

// Takes the 16-bit values i and i + 16, one after the other.
alignas(64) const uint16_t INTERLEAVED[2 * LANES] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                     8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};

struct PairLane {
  using Unit = int32_t;
  using Vector = Ints;
  static constexpr int WIDTH = 2;

  static VECD_INLINE Ints pack(const Floats (&parts)[WIDTH]) {
    return reinterpret_cast<Ints>(_mm512_cvtne2ps_pbh(parts[1], parts[0]));
  }
  static VECD_INLINE Ints interleave(const Floats (&rows)[WIDTH]) {
    return _mm512_permutexvar_epi16(_mm512_load_si512(INTERLEAVED), pack(rows));
  }
  static VECD_INLINE Floats as_floats(Ints lanes) { return _mm512_castsi512_ps(lanes); }
  static VECD_INLINE Ints repeat(int32_t value) { return _mm512_set1_epi32(value); }
  static VECD_INLINE Ints load(const int32_t* from) { return _mm512_loadu_si512(from); }
  static VECD_INLINE void store(int32_t* to, Ints values) { _mm512_storeu_si512(to, values); }
  static VECD_INLINE void multiply_add(Floats& sum, Ints left, Ints right) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(left), "v"(right));
  }
};

}  // namespace

}  // namespace vecd
