// Attention in float: keys transposed once, so that sixteen of them meet a query's value at a time.

#include "heads.h"

namespace vecd {

namespace {

// In first-level cache for texts of up to about 100 tokens.
struct Scratch {
  float* keys;     // block of 16 keys, head_size, key: scaled
  float* values;   // token, head_size
  float* queries;  // query in block, head_size
  float* scores;   // as heads.h says; then the weights made of them
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
    prefetch_next_head<HeadSize>(value);
    prefetch_next_head<HeadSize>(value - head.hidden);
  }
}

template <int HeadSize, int Queries>
void copy_queries(const Head& head, const Scratch& scratch, int64_t first_query) {
  for (int64_t q = 0; q < Queries; q++) {
    const float* query = head.qkv + (first_query + q) * 3 * head.hidden;
    for (int64_t d = 0; d < HeadSize; d += LANES) store(scratch.queries + q * HeadSize + d, load(query + d));
    prefetch_next_head<HeadSize>(query);
  }
}

// Scores of `Queries` queries and `Vectors` blocks of keys.
template <int HeadSize, int Queries, int Vectors>
inline VECD_INLINE void score(const Scratch& scratch, int64_t block, int64_t tokens) {
  const float* keys = scratch.keys + block * LANES * HeadSize;
  Floats sums[Queries][Vectors];
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) sums[q][v] = repeat(0);
  }
#pragma GCC unroll 1
  for (int64_t d = 0; d < HeadSize; d++) {
    Floats key[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) key[v] = load(keys + v * LANES * HeadSize + d * LANES);
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      const Floats query = repeat(scratch.queries[q * HeadSize + d]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; v++) sums[q][v] = _mm512_fmadd_ps(query, key[v], sums[q][v]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; v++) {
      store(scratch.scores + (block + v) * SCORE_BLOCK + q * LANES,
            hide_padding(sums[q][v], (block + v) * LANES, tokens));
    }
  }
}

// Scores become weights, not yet divided by their sum; returns one over it.
Floats soften(float* scores, int64_t blocks) {
  const Floats most = greatest(scores, blocks);
  Floats sum = repeat(0);
  for (int64_t i = 0; i < blocks; i++) {
    const Floats weight = exp2(_mm512_sub_ps(load(scores + i * SCORE_BLOCK), most));
    sum = _mm512_add_ps(sum, weight);
    store(scores + i * SCORE_BLOCK, weight);
  }
  return repeat(1.0f / _mm512_reduce_add_ps(sum));
}

// Weights times values, for two vectors of the head.
template <int HeadSize, int Queries>
inline VECD_INLINE void mix_values(const Scratch& scratch, int64_t tokens, int64_t d, Floats (&sums)[Queries][2]) {
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) sums[q][0] = sums[q][1] = repeat(0);
  for (int64_t first = 0; first < tokens; first += LANES) {
    const float* weights = scratch.scores + first * BLOCK_QUERIES;
    const float* values = scratch.values + first * HeadSize + d;
    const int64_t count = tokens - first < LANES ? tokens - first : LANES;
#pragma GCC unroll 1
    for (int64_t j = 0; j < count; j++) {
      const Floats value0 = load(values + j * HeadSize), value1 = load(values + j * HeadSize + LANES);
#pragma GCC unroll 8
      for (int q = 0; q < Queries; q++) {
        const Floats weight = repeat(weights[q * LANES + j]);
        sums[q][0] = _mm512_fmadd_ps(weight, value0, sums[q][0]);
        sums[q][1] = _mm512_fmadd_ps(weight, value1, sums[q][1]);
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
  for (int q = 0; q < Queries; q++) shares[q] = soften(scratch.scores + q * LANES, blocks);
  for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
    Floats sums[Queries][2];
    mix_values<HeadSize, Queries>(scratch, head.tokens, d, sums);
    quantize_block<Queries>(head, first_query, d, sums, shares);
  }
}

template <int HeadSize>
void attend_sized(const Head& head, float* memory) {
  const int64_t padded = pad(head.tokens);
  float* queries = memory + 2 * padded * HeadSize;
  const Scratch scratch{memory, memory + padded * HeadSize, queries, queries + BLOCK_QUERIES * HeadSize};
  copy_keys_and_values<HeadSize>(head, scratch);
  for_each_block(head.tokens, [&](auto rows, int64_t query) {
    attend_block<HeadSize, decltype(rows)::count>(head, scratch, query);
  });
}

}  // namespace

int64_t attention_scratch(int64_t tokens, int64_t head_size) {
  return pad(tokens) * (2 * head_size + BLOCK_QUERIES) + BLOCK_QUERIES * head_size;
}

void attend(const Head& head, float* scratch) {
  head.head_size == 32 ? attend_sized<32>(head, scratch) : attend_sized<64>(head, scratch);
}

}  // namespace vecd
