// Attention of one head of one text on tiles of bfloat16: 16 queries at a time, whose scores are softened while the
// tiles take those of the next 16.
//
// Keys and values lie as avx512/attend.h packs them for lanes of pairs: sixteen lanes of the head by sixteen keys, and
// sixteen pairs of tokens by sixteen columns, are tiles of the right side. Sums over the text stand in two parts where
// a head is 32 wide, so that four tiles of sums take turns: one product waits for the sums of the one before.
#pragma once

#include "../avx512/attend.h"
#include "tiles.h"

namespace vecd {

namespace {

constexpr int64_t PAIR_TOKENS = 2 * LANES;  // of a tile of weights

constexpr int64_t pad_to_pairs(int64_t tokens) { return (tokens + PAIR_TOKENS - 1) / PAIR_TOKENS * PAIR_TOKENS; }

// Floats of memory for a head.
constexpr int64_t tiles_scratch(int64_t tokens, int64_t head_size) {
  const int64_t padded = pad_to_pairs(tokens);
  const int64_t keys_and_values = padded * head_size, queries = MOST_TILE_ROWS * head_size / 2;
  const int64_t scores_and_weights = 2 * MOST_TILE_ROWS * padded + MOST_TILE_ROWS * padded / 2;
  return keys_and_values + queries + scores_and_weights + MOST_TILE_ROWS * 4 * LANES;
}

template <class Tiles, class Lane, int HeadSize>
class TiledHead {
 public:
  TiledHead(Tiles& tiles, const Head& head, float* memory)
      : tiles_(tiles), head_(head), padded_(pad_to_pairs(head.tokens)), blocks_(pad(head.tokens) / LANES) {
    scratch_.keys = reinterpret_cast<int32_t*>(memory);
    scratch_.values = scratch_.keys + padded_ * HeadSize / 2;
    scratch_.queries = scratch_.values + padded_ * HeadSize / 2;
    scratch_.weights = scratch_.queries + MOST_TILE_ROWS * LENGTH;
    scratch_.scores = reinterpret_cast<float*>(scratch_.weights + MOST_TILE_ROWS * padded_ / 2);
    mixed_ = scratch_.scores + 2 * MOST_TILE_ROWS * padded_;
  }

  void attend() {
    copy_keys<Lane, HeadSize>(head_, scratch_);
    copy_values<Lane, HeadSize>(head_, scratch_);
    const int64_t pairs = (head_.tokens + 1) / 2 * HeadSize, all = padded_ / 2 * HeadSize;
    __builtin_memset(scratch_.values + pairs, 0, static_cast<size_t>(all - pairs) * sizeof(int32_t));
    score_block(0);
    for (int64_t query = 0; query < head_.tokens; query += MOST_TILE_ROWS) {
      Floats shares[MOST_TILE_ROWS];
      soften_block(query, shares);
      mix_block();
      write_block(query, shares);
    }
  }

 private:
  static constexpr int64_t LENGTH = HeadSize / 2;  // of a head, in pairs
  static constexpr int64_t STRIDE = 4 * LANES;     // of a query's sums over the text: four vectors, in one part or two
  static constexpr int PARTS = STRIDE / HeadSize;

  // The last queries take some of those before them along: computed twice they give the same bits.
  int64_t first_of(int64_t query) const {
    const int64_t last = head_.tokens - MOST_TILE_ROWS;
    return query <= last ? query : last > 0 ? last : 0;
  }
  int64_t count() const { return head_.tokens < MOST_TILE_ROWS ? head_.tokens : MOST_TILE_ROWS; }
  float* scores_of(int64_t query) const {
    return scratch_.scores + (query / MOST_TILE_ROWS % 2) * MOST_TILE_ROWS * padded_;
  }

  void copy_block(int64_t query) {
    Scratch<Lane> one = scratch_;
    for (int64_t q = 0; q < count(); q++, one.queries += LENGTH) {
      copy_queries<Lane, HeadSize, 1>(head_, one, first_of(query) + q);
    }
    const int64_t absent = MOST_TILE_ROWS - count();
    __builtin_memset(one.queries, 0, static_cast<size_t>(absent * LENGTH) * sizeof(int32_t));
    if (absent == 0) return;
    __builtin_memset(scratch_.weights, 0, static_cast<size_t>(MOST_TILE_ROWS * padded_ / 2) * sizeof(int32_t));
  }

  void load_queries() {
    tiles_.load(LEFT0, scratch_.queries, LENGTH * 4);
    if (HeadSize == 64) tiles_.load(LEFT1, scratch_.queries + LANES, LENGTH * 4);
  }

  // Scores of sixteen queries and sixteen keys, or twice as many.
  VECD_INLINE void score(float* scores, int64_t block) {
    const int32_t* keys = scratch_.keys + block * LANES * LENGTH;
    const bool both = block + 1 < blocks_;
    tiles_.zero(SUM0);
    tiles_.load(RIGHT0, keys, TILE_BYTES);
    tiles_.multiply_pairs(SUM0, LEFT0, RIGHT0);
    if (both) {
      tiles_.zero(SUM1);
      tiles_.load(RIGHT1, keys + LANES * LENGTH, TILE_BYTES);
      tiles_.multiply_pairs(SUM1, LEFT0, RIGHT1);
    }
    if (HeadSize == 64) {
      tiles_.load(RIGHT0, keys + LANES * LANES, TILE_BYTES);
      tiles_.multiply_pairs(SUM0, LEFT1, RIGHT0);
    }
    if (HeadSize == 64 && both) {
      tiles_.load(RIGHT1, keys + LANES * LENGTH + LANES * LANES, TILE_BYTES);
      tiles_.multiply_pairs(SUM1, LEFT1, RIGHT1);
    }
    tiles_.store(SUM0, scores + block * LANES, padded_ * 4);
    if (both) tiles_.store(SUM1, scores + (block + 1) * LANES, padded_ * 4);
  }

  void score_block(int64_t query) {
    copy_block(query);
    load_queries();
    for (int64_t block = 0; block < blocks_; block += 2) score(scores_of(query), block);
  }

  // Scores of these queries to weights, and under that the scores of the next ones.
  void soften_block(int64_t query, Floats (&shares)[MOST_TILE_ROWS]) {
    const int64_t next = query + MOST_TILE_ROWS, last_key = (blocks_ - 1) * LANES;
    const bool goes_on = next < head_.tokens;
    if (goes_on) copy_block(next), load_queries();
    int64_t block = goes_on ? 0 : blocks_;
    for (int64_t q = 0; q < count(); q++) {
      float* scores = scores_of(query) + q * padded_;
      store(scores + last_key, hide_padding(load(scores + last_key), last_key, head_.tokens));
      shares[q] = soften<Lane, LANES>(scores, blocks_, scratch_.weights + q * padded_ / 2);
      for (; block < blocks_ && block * MOST_TILE_ROWS < (q + 1) * blocks_; block += 2) score(scores_of(next), block);
    }
  }

  // Weights times values.
  void mix_block() {
    tiles_.zero(SUM0), tiles_.zero(SUM1), tiles_.zero(SUM2), tiles_.zero(SUM3);
    for (int64_t token = 0; token < padded_; token += PAIR_TOKENS * PARTS) {
      mix(token, SUM0, SUM1);
      if (PARTS == 1) mix_more(token);
      if (PARTS == 2 && token + PAIR_TOKENS < padded_) mix(token + PAIR_TOKENS, SUM2, SUM3);
    }
    tiles_.store(SUM0, mixed_, STRIDE * 4);
    tiles_.store(SUM1, mixed_ + LANES, STRIDE * 4);
    tiles_.store(SUM2, mixed_ + 2 * LANES, STRIDE * 4);
    tiles_.store(SUM3, mixed_ + 3 * LANES, STRIDE * 4);
  }

  template <class Left, class Right>
  VECD_INLINE void mix(int64_t token, Left left, Right right) {
    const int32_t* values = scratch_.values + token / 2 * HeadSize;
    tiles_.load(LEFT0, scratch_.weights + token / 2, padded_ * 2);
    tiles_.load(RIGHT0, values, HeadSize * 4);
    tiles_.load(RIGHT1, values + LANES, HeadSize * 4);
    tiles_.multiply_pairs(left, LEFT0, RIGHT0);
    tiles_.multiply_pairs(right, LEFT0, RIGHT1);
  }

  // The other half of a head that is 64 wide; the weights are loaded.
  VECD_INLINE void mix_more(int64_t token) {
    const int32_t* values = scratch_.values + token / 2 * HeadSize + 2 * LANES;
    tiles_.load(RIGHT0, values, HeadSize * 4);
    tiles_.load(RIGHT1, values + LANES, HeadSize * 4);
    tiles_.multiply_pairs(SUM2, LEFT0, RIGHT0);
    tiles_.multiply_pairs(SUM3, LEFT0, RIGHT1);
  }

  void write_block(int64_t query, const Floats (&shares)[MOST_TILE_ROWS]) {
    const Floats zero_point = repeat(head_.quantization.zero_point);
    for (int64_t q = 0; q < count(); q++) {
      uint8_t* output = head_.output + (first_of(query) + q) * head_.hidden;
      for (int64_t d = 0; d < HeadSize; d += LANES) {
        Floats sum = load(mixed_ + q * STRIDE + d);
        if (PARTS == 2) sum = _mm512_add_ps(sum, load(mixed_ + q * STRIDE + HeadSize + d));
        quantize(_mm512_mul_ps(sum, shares[q]), load(head_.quantization.multiplier + d), zero_point, output + d);
      }
    }
  }

  Tiles& tiles_;
  const Head& head_;
  const int64_t padded_, blocks_;
  Scratch<Lane> scratch_;
  float* mixed_;
};

template <class Tiles, class Lane>
void attend_on_tiles(Head head, int64_t count, float* memory) {
  Tiles tiles(MOST_TILE_ROWS);
  for (; count > 0; count--) {
    head.head_size == 32 ? TiledHead<Tiles, Lane, 32>(tiles, head, memory).attend()
                         : TiledHead<Tiles, Lane, 64>(tiles, head, memory).attend();
    head.qkv += head.head_size;
    head.output += head.head_size;
    head.quantization.multiplier += head.head_size;
  }
}

}  // namespace

}  // namespace vecd
