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
  float* scores;     // query in block, token padded
  int32_t* weights;  // query in block, pair of tokens padded
};

inline VECD_INLINE void multiply_add(Floats& sum, Ints left, Ints right) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(left), "v"(right));
}

// 32 floats as sixteen pairs.
inline VECD_INLINE Ints pairs(Floats low, Floats high) { return reinterpret_cast<Ints>(_mm512_cvtne2ps_pbh(high, low)); }

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
    for (int64_t d = 0; d < HeadSize; d += LANES) {
      const Floats next = last ? repeat(0) : vecd::load(value + stride + d);
      store(scratch.values + token / 2 * HeadSize + d,
            _mm512_permutexvar_epi16(interleave, pairs(vecd::load(value + d), next)));
    }
  }
}

template <int HeadSize, int Queries, int Vectors>
inline VECD_INLINE void score(const int32_t* queries, const int32_t* keys, int64_t first, int64_t tokens, float* scores,
                              int64_t padded) {
  Floats sums[Queries][Vectors];
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) sums[q][v] = repeat(0);
  }
#pragma GCC unroll 1
  for (int64_t d = 0; d < HeadSize / 2; d++) {
    Ints key[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) key[v] = load(keys + (first + v * LANES) * (HeadSize / 2) + d * LANES);
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      const Ints query = _mm512_set1_epi32(queries[q * (HeadSize / 2) + d]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) multiply_add(sums[q][v], query, key[v]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) {
      const int64_t key = first + v * LANES;
      vecd::store(scores + q * padded + key, hide_padding(sums[q][v], key, tokens));
    }
  }
}

// Scores become weights in pairs, not yet divided by their sum; returns one over it, taken in float.
Floats soften(float* scores, int64_t padded, int32_t* weights) {
  const Floats most = greatest(scores, padded);
  Floats sum = repeat(0);
  int64_t j = 0;
  for (; j + 2 * LANES <= padded; j += 2 * LANES) {
    const Floats low = exp2(_mm512_sub_ps(vecd::load(scores + j), most));
    const Floats high = exp2(_mm512_sub_ps(vecd::load(scores + j + LANES), most));
    sum = _mm512_add_ps(_mm512_add_ps(sum, low), high);
    store(weights + j / 2, pairs(low, high));
  }
  if (j < padded) {
    const Floats low = exp2(_mm512_sub_ps(vecd::load(scores + j), most));
    sum = _mm512_add_ps(sum, low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + j / 2), _mm512_castsi512_si256(pairs(low, repeat(0))));
  }
  return repeat(1.0f / _mm512_reduce_add_ps(sum));
}

template <int HeadSize, int Queries>
void mix_values(const Head& head, const Scratch& scratch, int64_t padded, const Floats (&shares)[Queries],
                uint8_t* output) {
  const Floats zero_point = repeat(head.quantization.zero_point);
  for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
    Floats sums[Queries][2];
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) sums[q][0] = sums[q][1] = repeat(0);
#pragma GCC unroll 1
    for (int64_t j = 0; j < (head.tokens + 1) / 2; j++) {
      const Ints value0 = load(scratch.values + j * HeadSize + d), value1 = load(scratch.values + j * HeadSize + d + LANES);
#pragma GCC unroll 8
      for (int q = 0; q < Queries; q++) {
        const Ints weight = _mm512_set1_epi32(scratch.weights[q * padded + j]);
        multiply_add(sums[q][0], weight, value0);
        multiply_add(sums[q][1], weight, value1);
      }
    }
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      for (int v = 0; v < 2; v++) {
        const int64_t column = d + v * LANES;
        quantize(_mm512_mul_ps(sums[q][v], shares[q]), vecd::load(head.quantization.multiplier + column), zero_point,
                 output + q * head.hidden + column);
      }
    }
  }
}

template <int HeadSize, int Queries>
void attend_block(const Head& head, const Scratch& scratch, int64_t first_query) {
  const int64_t stride = 3 * head.hidden, padded = pad(head.tokens);
  alignas(64) int32_t queries[Queries * HeadSize / 2];
  for (int q = 0; q < Queries; q++) {
    const float* query = head.qkv + (first_query + q) * stride;
    for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
      store(queries + (q * HeadSize + d) / 2, pairs(vecd::load(query + d), vecd::load(query + d + LANES)));
    }
  }
  int64_t key = 0;
  for (; key + 2 * LANES <= padded; key += 2 * LANES) {
    score<HeadSize, Queries, 2>(queries, scratch.keys, key, head.tokens, scratch.scores, padded);
  }
  if (key < padded) score<HeadSize, Queries, 1>(queries, scratch.keys, key, head.tokens, scratch.scores, padded);
  Floats shares[Queries];
  for (int q = 0; q < Queries; q++) {
    shares[q] = soften(scratch.scores + q * padded, padded, scratch.weights + q * padded);
  }
  mix_values<HeadSize, Queries>(head, scratch, padded, shares, head.output + first_query * head.hidden);
}

template <int HeadSize>
void attend_sized(const Head& head, float* memory) {
  const int64_t padded = pad(head.tokens);
  auto* pairs_memory = reinterpret_cast<int32_t*>(memory);
  const Scratch scratch{pairs_memory, pairs_memory + padded * HeadSize / 2, memory + padded * HeadSize,
                        pairs_memory + padded * HeadSize + padded * BLOCK_QUERIES};
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
