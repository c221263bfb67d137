// Attention of one head of one text: scores, softmax, weighted sum of the values, quantization.
//
// Written once for every type in which the products are taken. A Lane is 32 bits of a vector: one float, or two values
// of bfloat16. A head's values are packed into lanes along the head in queries and keys, and along the text in weights
// and values, so that one multiply_add takes WIDTH products a lane. Lane gives:
//   Unit          the type of one lane in memory; Vector is sixteen of them
//   WIDTH         how many values one lane holds
//   pack          sixteen floats for each value of a lane, as a vector of lanes
//   interleave    the same for rows of WIDTH neighbouring tokens: lane i holds column i of each row
//   repeat, load, store, multiply_add
// The Lane types are local to their files, and with them everything here.
#pragma once

#include "heads.h"

namespace vecd {

template <class Lane>
struct Scratch {
  using Unit = typename Lane::Unit;
  Unit* keys;     // block of 16 keys, lane of the head, key: scaled
  Unit* values;   // lane of tokens, head_size
  Unit* queries;  // query in block, lane of the head
  float* scores;  // as heads.h says
  Unit* weights;  // block of sixteen lanes of tokens, query in block, lane: the scores' own memory where a lane is a float
};

template <class Lane, int HeadSize>
static Scratch<Lane> divide(float* memory, int64_t padded) {
  using Unit = typename Lane::Unit;
  constexpr int64_t LENGTH = HeadSize / Lane::WIDTH;  // of a head, in lanes
  Unit* keys = reinterpret_cast<Unit*>(memory);
  Unit* values = keys + padded * LENGTH;
  Unit* queries = values + padded * LENGTH;
  float* scores = reinterpret_cast<float*>(queries + BLOCK_QUERIES * LENGTH);
  float* weights = Lane::WIDTH == 1 ? scores : scores + padded * BLOCK_QUERIES;
  return {keys, values, queries, scores, reinterpret_cast<Unit*>(weights)};
}

template <class Lane, int HeadSize>
static void copy_keys(const Head& head, const Scratch<Lane>& scratch) {
  const int64_t stride = 3 * head.hidden;
  const Floats scale = key_scale(HeadSize);
  for (int64_t first = 0; first < head.tokens; first += LANES) {
    const float* keys = head.qkv + head.hidden + first * stride;
    const int64_t count = head.tokens - first < LANES ? head.tokens - first : LANES;
    for (int64_t d = 0; d < HeadSize; d += Lane::WIDTH * LANES) {
      Floats rows[LANES];
      for (int64_t j = 0; j < LANES; j++) {
        Floats parts[Lane::WIDTH];
        for (int p = 0; p < Lane::WIDTH; p++) {
          parts[p] = j < count ? _mm512_mul_ps(load(keys + j * stride + d + p * LANES), scale) : repeat(0);
        }
        rows[j] = Lane::as_floats(Lane::pack(parts));
      }
      transpose(rows);
      auto* to = reinterpret_cast<float*>(scratch.keys + (first * HeadSize + d * LANES) / Lane::WIDTH);
      for (int64_t j = 0; j < LANES; j++) store(to + j * LANES, rows[j]);
    }
  }
}

template <class Lane, int HeadSize>
static void copy_values(const Head& head, const Scratch<Lane>& scratch) {
  const int64_t stride = 3 * head.hidden;
  for (int64_t token = 0; token < head.tokens; token += Lane::WIDTH) {
    const float* value = head.qkv + 2 * head.hidden + token * stride;
    for (int64_t d = 0; d < HeadSize; d += LANES) {
      Floats rows[Lane::WIDTH];
      for (int r = 0; r < Lane::WIDTH; r++) {
        rows[r] = token + r < head.tokens ? load(value + r * stride + d) : repeat(0);
      }
      Lane::store(scratch.values + token / Lane::WIDTH * HeadSize + d, Lane::interleave(rows));
    }
    for (int r = 0; r < Lane::WIDTH; r++) {
      prefetch_next_head<HeadSize>(value + r * stride);
      prefetch_next_head<HeadSize>(value + r * stride - head.hidden);
    }
  }
}

template <class Lane, int HeadSize, int Queries>
static void copy_queries(const Head& head, const Scratch<Lane>& scratch, int64_t first_query) {
  for (int64_t q = 0; q < Queries; q++) {
    const float* query = head.qkv + (first_query + q) * 3 * head.hidden;
    for (int64_t d = 0; d < HeadSize; d += Lane::WIDTH * LANES) {
      Floats parts[Lane::WIDTH];
      for (int p = 0; p < Lane::WIDTH; p++) parts[p] = load(query + d + p * LANES);
      Lane::store(scratch.queries + (q * HeadSize + d) / Lane::WIDTH, Lane::pack(parts));
    }
    prefetch_next_head<HeadSize>(query);
  }
}

// Scores of `Queries` queries and `Blocks` blocks of keys.
template <class Lane, int HeadSize, int Queries, int Blocks>
static inline VECD_INLINE void score(const Scratch<Lane>& scratch, int64_t block, int64_t tokens) {
  constexpr int64_t LENGTH = HeadSize / Lane::WIDTH;
  const auto* keys = scratch.keys + block * LANES * LENGTH;
  Floats sums[Queries][Blocks];
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Blocks; v++) sums[q][v] = repeat(0);
  }
#pragma GCC unroll 1
  for (int64_t d = 0; d < LENGTH; d++) {
    typename Lane::Vector key[Blocks];
#pragma GCC unroll 2
    for (int v = 0; v < Blocks; v++) key[v] = Lane::load(keys + v * LANES * LENGTH + d * LANES);
#pragma GCC unroll 8
    for (int q = 0; q < Queries; q++) {
      const auto query = Lane::repeat(scratch.queries[q * LENGTH + d]);
#pragma GCC unroll 2
      for (int v = 0; v < Blocks; v++) Lane::multiply_add(sums[q][v], query, key[v]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) {
#pragma GCC unroll 2
    for (int v = 0; v < Blocks; v++) {
      store(scratch.scores + (block + v) * SCORE_BLOCK + q * LANES,
            hide_padding(sums[q][v], (block + v) * LANES, tokens));
    }
  }
}

// Scores of one query become weights, not yet divided by their sum; returns one over it, taken in float. Blocks of
// sixteen lie `Stride` apart, of scores and of weights, which may be the same memory.
template <class Lane, int64_t Stride>
static Floats soften(const float* scores, int64_t blocks, typename Lane::Unit* weights) {
  const Floats most = greatest<Stride>(scores, blocks);
  Floats sum = repeat(0);
  for (int64_t i = 0; i < blocks; i += Lane::WIDTH, weights += Stride) {
    Floats parts[Lane::WIDTH];
    for (int p = 0; p < Lane::WIDTH; p++) {
      parts[p] = repeat(0);
      if (i + p < blocks) parts[p] = exp2(_mm512_sub_ps(load(scores + (i + p) * Stride), most));
      sum = _mm512_add_ps(sum, parts[p]);
    }
    Lane::store(weights, Lane::pack(parts));
  }
  return repeat(1.0f / _mm512_reduce_add_ps(sum));
}

// Weights times values, for two vectors of the head.
template <class Lane, int HeadSize, int Queries>
static inline VECD_INLINE void mix_values(const Scratch<Lane>& scratch, int64_t tokens, int64_t d,
                                          Floats (&sums)[Queries][2]) {
#pragma GCC unroll 8
  for (int q = 0; q < Queries; q++) sums[q][0] = sums[q][1] = repeat(0);
  const int64_t lanes = (tokens + Lane::WIDTH - 1) / Lane::WIDTH;
  for (int64_t first = 0; first < lanes; first += LANES) {
    const auto* weights = scratch.weights + first * BLOCK_QUERIES;
    const auto* values = scratch.values + first * HeadSize + d;
    const int64_t count = lanes - first < LANES ? lanes - first : LANES;
#pragma GCC unroll 1
    for (int64_t j = 0; j < count; j++) {
      const auto value0 = Lane::load(values + j * HeadSize), value1 = Lane::load(values + j * HeadSize + LANES);
#pragma GCC unroll 8
      for (int q = 0; q < Queries; q++) {
        const auto weight = Lane::repeat(weights[q * LANES + j]);
        Lane::multiply_add(sums[q][0], weight, value0);
        Lane::multiply_add(sums[q][1], weight, value1);
      }
    }
  }
}

template <class Lane, int HeadSize, int Queries>
static void attend_block(const Head& head, const Scratch<Lane>& scratch, int64_t first_query) {
  const int64_t blocks = pad(head.tokens) / LANES;
  copy_queries<Lane, HeadSize, Queries>(head, scratch, first_query);
  int64_t block = 0;
  for (; block + 2 <= blocks; block += 2) score<Lane, HeadSize, Queries, 2>(scratch, block, head.tokens);
  if (block < blocks) score<Lane, HeadSize, Queries, 1>(scratch, block, head.tokens);
  Floats shares[Queries];
  for (int q = 0; q < Queries; q++) {
    shares[q] = soften<Lane, SCORE_BLOCK>(scratch.scores + q * LANES, blocks, scratch.weights + q * LANES);
  }
  for (int64_t d = 0; d < HeadSize; d += 2 * LANES) {
    Floats sums[Queries][2];
    mix_values<Lane, HeadSize, Queries>(scratch, head.tokens, d, sums);
    quantize_block<Queries>(head, first_query, d, sums, shares);
  }
}

template <class Lane, int HeadSize>
static void attend_sized(const Head& head, float* memory) {
  const Scratch<Lane> scratch = divide<Lane, HeadSize>(memory, pad(head.tokens));
  copy_keys<Lane, HeadSize>(head, scratch);
  copy_values<Lane, HeadSize>(head, scratch);
  for_each_block(head.tokens, [&](auto rows, int64_t query) {
    attend_block<Lane, HeadSize, decltype(rows)::count>(head, scratch, query);
  });
}

template <class Lane>
static void attend_head(const Head& head, float* memory) {
  head.head_size == 32 ? attend_sized<Lane, 32>(head, memory) : attend_sized<Lane, 64>(head, memory);
}

}  // namespace vecd
