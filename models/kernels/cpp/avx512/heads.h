// What both ways of computing attention share: a transposition, softmax, and cutting queries into blocks of rows.
#pragma once

#include "vector.h"

namespace vecd {

constexpr int BLOCK_QUERIES = 8;
constexpr float LOG2_E = 1.44269504f;

static inline int64_t pad(int64_t tokens) { return (tokens + LANES - 1) / LANES * LANES; }

// Softmax's exponent in base 2: the scale of dot products goes into the keys.
static inline Floats key_scale(int64_t head_size) {
  return repeat(LOG2_E / __builtin_sqrtf(static_cast<float>(head_size)));
}

// The next head's part of a row lies right behind; rows are too far apart for the processor to foresee that.
template <int HeadSize>
static inline VECD_INLINE void prefetch_next_head(const float* part) {
  for (int64_t d = 0; d < HeadSize; d += LANES) prefetch_to_read(part + HeadSize + d);
}

// rows[i] lane j becomes rows[j] lane i.
static inline VECD_INLINE void transpose(Floats (&rows)[LANES]) {
  Floats pairs[LANES];
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  Floats fours[LANES];  // fours[4 q + r]: rows 4 q to 4 q + 3 of columns r, r + 4, r + 8, r + 12
  for (int i = 0; i < 16; i += 4) {
    for (int half = 0; half < 2; half++) {
      const __m512d low = _mm512_castps_pd(pairs[i + half]), high = _mm512_castps_pd(pairs[i + half + 2]);
      fours[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      fours[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  }
  constexpr int EVEN = 0x88, ODD = 0xdd;  // 128-bit lanes 0 and 2, or 1 and 3, of each operand
  for (int r = 0; r < 4; r++) {
    const Floats even_low = _mm512_shuffle_f32x4(fours[r], fours[r + 4], EVEN);
    const Floats even_high = _mm512_shuffle_f32x4(fours[r + 8], fours[r + 12], EVEN);
    const Floats odd_low = _mm512_shuffle_f32x4(fours[r], fours[r + 4], ODD);
    const Floats odd_high = _mm512_shuffle_f32x4(fours[r + 8], fours[r + 12], ODD);
    rows[r] = _mm512_shuffle_f32x4(even_low, even_high, EVEN);
    rows[r + 8] = _mm512_shuffle_f32x4(even_low, even_high, ODD);
    rows[r + 4] = _mm512_shuffle_f32x4(odd_low, odd_high, EVEN);
    rows[r + 12] = _mm512_shuffle_f32x4(odd_low, odd_high, ODD);
  }
}

// Minus infinity where there is no key: exp2 makes 0 of it, and the greatest score is never one of these.
static inline VECD_INLINE Floats hide_padding(Floats scores, int64_t first_key, int64_t tokens) {
  const int64_t keys = tokens - first_key;
  if (keys >= LANES) return scores;
  return _mm512_mask_mov_ps(repeat(-__builtin_inff()), static_cast<__mmask16>((1u << keys) - 1), scores);
}

// Scores of a block of queries: block of sixteen keys, query, key. So one address and constant distances reach the
// scores of all queries for a key.
constexpr int64_t SCORE_BLOCK = BLOCK_QUERIES * LANES;

template <int64_t Stride>
static inline VECD_INLINE Floats greatest(const float* scores, int64_t blocks) {
  Floats most = load(scores);
  for (int64_t i = 1; i < blocks; i++) most = _mm512_max_ps(most, load(scores + i * Stride));
  return repeat(_mm512_reduce_max_ps(most));
}

// Writes two vectors of each query's output, divided by the sum of its weights.
template <int Queries>
static inline VECD_INLINE void quantize_block(const Head& head, int64_t first_query, int64_t d,
                                              const Floats (&sums)[Queries][2], const Floats (&shares)[Queries]) {
  const Floats zero_point = repeat(head.quantization.zero_point);
  uint8_t* output = head.output + first_query * head.hidden + d;
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; v++) {
      quantize(_mm512_mul_ps(sums[q][v], shares[q]), load(head.quantization.multiplier + d + v * LANES), zero_point,
               output + q * head.hidden + v * LANES);
    }
  }
}

// How many queries a block holds, as a type.
template <int Count>
struct Rows {
  static constexpr int count = Count;
};

// Calls block(Rows<...>, first query) so that every query is in a block. The last block overlaps the one
// before it where it can: a query computed twice gives the same bits, and a block of many costs little more than one.
template <class Block>
static inline void for_each_block(int64_t tokens, const Block& block) {
  using One = Rows<1>;
  using Half = Rows<BLOCK_QUERIES / 2>;
  using Whole = Rows<BLOCK_QUERIES>;
  int64_t query = 0;
  for (; query + Whole::count <= tokens; query += Whole::count) block(Whole{}, query);
  const int64_t rest = tokens - query;
  if (rest == 0) return;
  if (rest <= Half::count && tokens >= Half::count) return block(Half{}, tokens - Half::count);
  if (tokens >= Whole::count) return block(Whole{}, tokens - Whole::count);
  if (tokens > Half::count) block(Half{}, query), block(Half{}, tokens - Half::count);
  else for (; query < tokens; query++) block(One{}, query);
}

}  // namespace vecd
