// Attention in float: keys transposed once, so that sixteen of them meet a query's value at a time.

#include "heads.h"

namespace vecd {

namespace {

// In first-level cache for texts of up to about 100 tokens.
struct Scratch {
  float* keys;     // block of 16 keys, head_size, key: scaled
  float* values;   // token, head_size
  float* weights;  // query in block, token padded
};

template <int HeadSize>
void copy_keys_and_values(const Head& head, const Scratch& scratch) {
  const int64_t stride = 3 * head.hidden;
  const Floats scale = key_scale(HeadSize);
  for (int64_t first = 0; first < head.tokens; first += LANES) {
    const float* keys = head.qkv + head.hidden + first * stride;
    const int64_t count = head.tokens - first < LANES ? head.tokens - first : LANES;
    for (int64_t d = 0; d < HeadSize; d += LANES) {
      Floats rows[LANES];
      for (int64_t j = 0; j < LANES; j++) {
        rows[j] = j < count ? _mm512_mul_ps(load(keys + j * stride + d), scale) : repeat(0);
      }
      transpose(rows);
      for (int64_t j = 0; j < LANES; j++) store(scratch.keys + first * HeadSize + (d + j) * LANES, rows[j]);
    }
  }
  for (int64_t token = 0; token < head.tokens; token++) {
    const float* value = head.qkv + 2 * head.hidden + token * stride;
    for (int64_t d = 0; d < HeadSize; d += LANES) store(scratch.values + token * HeadSize + d, load(value + d));
  }
}

// Scores of `Queries` queries and `Vectors` times sixteen keys.
template <int HeadSize, int Queries, int Vectors>
VECD_INLINE inline void score(const float* queries, int64_t stride, const float* keys, int64_t first, int64_t tokens,
                              float* scores, int64_t padded) {
  Floats sums[Queries][Vectors];
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) sums[q][v] = repeat(0);
  }
  for (int64_t d = 0; d < HeadSize; d++) {
    Floats key[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) key[v] = load(keys + (first + v * LANES) * HeadSize + d * LANES);
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      const Floats query = repeat(queries[q * stride + d]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) sums[q][v] = _mm512_fmadd_ps(query, key[v], sums[q][v]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) {
      const int64_t key = first + v * LANES;
      store(scores + q * padded + key, hide_padding(sums[q][v], key, tokens));
    }
  }
}

// Scores become weights, not yet divided by their sum; returns one over it.
Floats soften(float* scores, int64_t padded) {
  const Floats most = greatest(scores, padded);
  Floats sum = repeat(0);
  for (int64_t j = 0; j < padded; j += LANES) {
    const Floats weight = exp2(_mm512_sub_ps(load(scores + j), most));
    sum = _mm512_add_ps(sum, weight);
    store(scores + j, weight);
  }
  return repeat(1.0f / _mm512_reduce_add_ps(sum));
}

template <int HeadSize, int Queries>
void mix_values(const Head& head, const Scratch& scratch, int64_t padded, const Floats (&shares)[Queries],
                uint8_t* output) {
  constexpr int VECTORS = 2;
  for (int64_t d = 0; d < HeadSize; d += VECTORS * LANES) {
    Floats sums[Queries][VECTORS];
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) sums[q][0] = sums[q][1] = repeat(0);
    for (int64_t j = 0; j < head.tokens; j++) {
      const Floats value0 = load(scratch.values + j * HeadSize + d);
      const Floats value1 = load(scratch.values + j * HeadSize + d + LANES);
#pragma GCC unroll 8
      for (int q = 0; q < Queries; q++) {
        const Floats weight = repeat(scratch.weights[q * padded + j]);
        sums[q][0] = _mm512_fmadd_ps(weight, value0, sums[q][0]);
        sums[q][1] = _mm512_fmadd_ps(weight, value1, sums[q][1]);
      }
    }
    const Floats zero_point = repeat(head.quantization.zero_point);
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      for (int v = 0; v < VECTORS; v++) {
        const int64_t column = d + v * LANES;
        quantize(_mm512_mul_ps(sums[q][v], shares[q]), load(head.quantization.multiplier + column), zero_point,
                 output + q * head.hidden + column);
      }
    }
  }
}

template <int HeadSize, int Queries>
void attend_block(const Head& head, const Scratch& scratch, int64_t first_query) {
  const int64_t stride = 3 * head.hidden, padded = pad(head.tokens);
  const float* queries = head.qkv + first_query * stride;
  int64_t key = 0;
  for (; key + 2 * LANES <= padded; key += 2 * LANES) {
    score<HeadSize, Queries, 2>(queries, stride, scratch.keys, key, head.tokens, scratch.weights, padded);
  }
  if (key < padded) {
    score<HeadSize, Queries, 1>(queries, stride, scratch.keys, key, head.tokens, scratch.weights, padded);
  }
  Floats shares[Queries];
  for (int q = 0; q < Queries; q++) shares[q] = soften(scratch.weights + q * padded, padded);
  mix_values<HeadSize, Queries>(head, scratch, padded, shares, head.output + first_query * head.hidden);
}

template <int HeadSize>
void attend_sized(const Head& head, float* memory) {
  const int64_t padded = pad(head.tokens);
  const Scratch scratch{memory, memory + padded * HeadSize, memory + 2 * padded * HeadSize};
  copy_keys_and_values<HeadSize>(head, scratch);
  for_each_block(head.tokens, [&](auto rows, int64_t query) {
    attend_block<HeadSize, decltype(rows)::count>(head, scratch, query);
  });
}

}  // namespace

int64_t attention_scratch(int64_t tokens, int64_t head_size) { return pad(tokens) * (2 * head_size + BLOCK_QUERIES); }

void attend(const Head& head, float* scratch) {
  head.head_size == 32 ? attend_sized<32>(head, scratch) : attend_sized<64>(head, scratch);
}

}  // namespace vecd
