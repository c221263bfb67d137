// Attention with dot products in bfloat16: the only file compiled with AVX512_BF16.
//
// VDPBF16PS takes pairs: two neighbouring values of a head in query and key, two neighbouring tokens in weight and
// value. A pair fills the 32 bits of a float's lane, so that the transposition is the one of floats.

#include "heads.h"

namespace vecd {

namespace {

struct Scratch {
  int32_t* keys;     // block of 16 keys, pair of head_size, key
  int32_t* values;   // pair of tokens, head_size
  int32_t* queries;  // query in block, pair of head_size
  float* scores;     // as heads.h says
  int32_t* weights;  // block of sixteen pairs of tokens, query in block, pair
};

inline VECD_INLINE void multiply_add(Floats& sum, Ints left, Ints right) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(left), "v"(right));
}

// 32 floats as sixteen pairs.
inline VECD_INLINE Ints pairs(Floats low, Floats high) {
  return reinterpret_cast<Ints>(_mm512_cvtne2ps_pbh(high, low));
}

inline VECD_INLINE void store(int32_t* to, Ints values) { _mm512_storeu_si512(to, values); }
inline VECD_INLINE Ints load(const int32_t* from) { return _mm512_loadu_si512(from); }

template <int HeadSize>
void copy_keys(const Head& head, const Scratch& scratch) {
  const int64_t stride = 3 * head.hidden;
  const Floats scale = key_scale(HeadSize);
  for (int64_t first = 0; first < head.tokens; first += LANES) {
    const float* keys = head.qkv + head.hidden + first * stride;
    const int64_t count = head.tokens - first < LANES ? head.tokens - first : LANES;
    for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
      Floats rows[LANES];
      for (int64_t j = 0; j < LANES; j++) {
        const float* key = keys + j * stride + d;
        rows[j] = j < count ? _mm512_castsi512_ps(pairs(_mm512_mul_ps(vecd::load(key), scale),
                                                        _mm512_mul_ps(vecd::load(key + LANES), scale)))
                            : repeat(0);
      }
      transpose(rows);
      int32_t* to = scratch.keys + first * (HeadSize / 2) + d / 2 * LANES;
      for (int64_t j = 0; j < LANES; j++) store(to + j * LANES, _mm512_castps_si512(rows[j]));
    }
  }
}

template <int HeadSize>
void copy_values(const Head& head, const Scratch& scratch) {
  const int64_t stride = 3 * head.hidden;
  alignas(64) uint16_t order[2 * LANES];
  for (int64_t i = 0; i < 2 * LANES; i++) order[i] = static_cast<uint16_t>(i / 2 + i % 2 * LANES);
  const Ints interleave = _mm512_load_si512(order);
  for (int64_t token = 0; token < head.tokens; token += 2) {
    const float* value = head.qkv + 2 * head.hidden + token * stride;
    const bool last = token + 1 == head.tokens;
    for (int64_t row = 0; row < 2; row++) {
      prefetch_next_head<HeadSize>(value + row * stride);
      prefetch_next_head<HeadSize>(value + row * stride - head.hidden);
    }
    for (int64_t d = 0; d < HeadSize; d += LANES) {
      const Floats next = last ? repeat(0) : vecd::load(value + stride + d);
      store(scratch.values + token / 2 * HeadSize + d,
            _mm512_permutexvar_epi16(interleave, pairs(vecd::load(value + d), next)));
    }
  }
}

template <int HeadSize, int Queries>
void copy_queries(const Head& head, const Scratch& scratch, int64_t first_query) {
  for (int64_t q = 0; q < Queries; q++) {
    const float* query = head.qkv + (first_query + q) * 3 * head.hidden;
    for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
      store(scratch.queries + (q * HeadSize + d) / 2, pairs(vecd::load(query + d), vecd::load(query + d + LANES)));
    }
    prefetch_next_head<HeadSize>(query);
  }
}

// Scores of `Queries` queries and `Vectors` blocks of keys.
template <int HeadSize, int Queries, int Vectors>
inline VECD_INLINE void score(const Scratch& scratch, int64_t block, int64_t tokens) {
  constexpr int PAIRS = HeadSize / 2;
  const int32_t* keys = scratch.keys + block * LANES * PAIRS;
  Floats sums[Queries][Vectors];
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) sums[q][v] = repeat(0);
  }
#pragma GCC unroll 1
  for (int64_t d = 0; d < PAIRS; d++) {
    Ints key[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) key[v] = load(keys + v * LANES * PAIRS + d * LANES);
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      const Ints query = _mm512_set1_epi32(scratch.queries[q * PAIRS + d]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) multiply_add(sums[q][v], query, key[v]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) {
      vecd::store(scratch.scores + (block + v) * SCORE_BLOCK + q * LANES,
                  hide_padding(sums[q][v], (block + v) * LANES, tokens));
    }
  }
}

// Scores become weights in pairs, not yet divided by their sum; returns one over it, taken in float.
Floats soften(const float* scores, int64_t blocks, int32_t* weights) {
  const Floats most = greatest(scores, blocks);
  Floats sum = repeat(0);
  for (int64_t i = 0; i < blocks; i += 2, weights += SCORE_BLOCK) {
    const Floats low = exp2(_mm512_sub_ps(vecd::load(scores + i * SCORE_BLOCK), most));
    Floats high = repeat(0);
    if (i + 1 < blocks) high = exp2(_mm512_sub_ps(vecd::load(scores + (i + 1) * SCORE_BLOCK), most));
    sum = _mm512_add_ps(_mm512_add_ps(sum, low), high);
    store(weights, pairs(low, high));
  }
  return repeat(1.0f / _mm512_reduce_add_ps(sum));
}

// Weights times values, for two vectors of the head.
template <int HeadSize, int Queries>
inline VECD_INLINE void mix_values(const Scratch& scratch, int64_t tokens, int64_t d, Floats (&sums)[Queries][2]) {
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) sums[q][0] = sums[q][1] = repeat(0);
  const int64_t pairs = (tokens + 1) / 2;
  for (int64_t first = 0; first < pairs; first += LANES) {
    const int32_t* weights = scratch.weights + first * BLOCK_QUERIES;
    const int32_t* values = scratch.values + first * HeadSize + d;
    const int64_t count = pairs - first < LANES ? pairs - first : LANES;
#pragma GCC unroll 1
    for (int64_t j = 0; j < count; j++) {
      const Ints value0 = load(values + j * HeadSize), value1 = load(values + j * HeadSize + LANES);
#pragma GCC unroll 8
      for (int q = 0; q < Queries; q++) {
        const Ints weight = _mm512_set1_epi32(weights[q * LANES + j]);
        multiply_add(sums[q][0], weight, value0);
        multiply_add(sums[q][1], weight, value1);
      }
    }
  }
}

template <int HeadSize, int Queries>
void attend_block(const Head& head, const Scratch& scratch, int64_t first_query) {
  const int64_t blocks = pad(head.tokens) / LANES;
  copy_queries<HeadSize, Queries>(head, scratch, first_query);
  int64_t block = 0;
  for (; block + 2 <= blocks; block += 2) score<HeadSize, Queries, 2>(scratch, block, head.tokens);
  if (block < blocks) score<HeadSize, Queries, 1>(scratch, block, head.tokens);
  Floats shares[Queries];
  for (int q = 0; q < Queries; q++) {
    shares[q] = soften(scratch.scores + q * LANES, blocks, scratch.weights + q * LANES);
  }
  for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
    Floats sums[Queries][2];
    mix_values<HeadSize, Queries>(scratch, head.tokens, d, sums);
    quantize_block<Queries>(head, first_query, d, sums, shares);
  }
}

template <int HeadSize>
void attend_sized(const Head& head, float* memory) {
  const int64_t padded = pad(head.tokens);
  auto* keys = reinterpret_cast<int32_t*>(memory);
  int32_t* values = keys + padded * HeadSize / 2;
  int32_t* queries = values + padded * HeadSize / 2;
  int32_t* weights = queries + BLOCK_QUERIES * HeadSize / 2;
  auto* scores = reinterpret_cast<float*>(weights + (padded + LANES) / 2 * BLOCK_QUERIES);
  const Scratch scratch{keys, values, queries, scores, weights};
  copy_keys<HeadSize>(head, scratch);
  copy_values<HeadSize>(head, scratch);
  for_each_block(head.tokens, [&](auto rows, int64_t query) {
    attend_block<HeadSize, decltype(rows)::count>(head, scratch, query);
  });
}

}  // namespace

void attend_bf16(const Head& head, float* scratch) {
  head.head_size == 32 ? attend_sized<32>(head, scratch) : attend_sized<64>(head, scratch);
}

}  // namespace vecd
