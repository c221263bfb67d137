// The products of one block of rows and one panel of columns, on tiles: 32 rows x 32 columns at a time, or up to 16
// rows x 64.
//
// Both are four tiles of sums. 32 x 32 asks for two loads of each side for four products; at two lines of memory a
// cycle from the first-level cache loads take half of the time of the products. From the second level they would take
// longer than those: a chunk of the inner dimension is short enough that its 64 columns of weights stay in the first
// level while the rows of a block go past, and what comes from further away is prefetched a step ahead, since a tile's
// load waits for its lines one by one.
#pragma once

#include "tiles.h"

namespace vecd {

namespace {

constexpr int64_t STEP_VALUES = TILE_BYTES;  // of the inner dimension, in a tile
constexpr int64_t CHUNK_VALUES = 384;        // 24 KiB of weights
constexpr int64_t PAIR_ROWS = 2 * MOST_TILE_ROWS;
constexpr int64_t MOST_BLOCK_ROWS = 64;
constexpr int64_t WEIGHTS_STRIDE = 4 * PANEL_COLUMNS;
constexpr int64_t SUMS_STRIDE = PANEL_COLUMNS * sizeof(int32_t);

// Rows of a block that are another block's too: `skip` of them, at its beginning.
struct Block {
  int64_t row, count, skip;

  int64_t end() const { return row + count; }
  int64_t steps(int64_t inner) const {
    const int64_t pairs = count / PAIR_ROWS, rest = count % PAIR_ROWS;
    return (2 * pairs + (rest > MOST_TILE_ROWS ? 2 : rest > 0 ? 1 : 0)) * (inner / STEP_VALUES);
  }
};

// Rows that a block of this inner dimension has where there are enough: the more chunks its weights come in, the more
// often they come again.
static inline int64_t block_rows(int64_t inner) { return inner <= CHUNK_VALUES ? PAIR_ROWS : MOST_BLOCK_ROWS; }

// The block that begins at `row`. Fewer than 16 rows at the end of more take a tile's rows before them along; where
// there are no more, tiles have as many rows as there are.
static inline Block next_block(Range rows, int64_t row, int64_t most) {
  const int64_t left = rows.end - row;
  if (left >= most) return {row, most, 0};
  if (left >= PAIR_ROWS) return {row, PAIR_ROWS, 0};
  if (left >= MOST_TILE_ROWS || rows.end - rows.begin < MOST_TILE_ROWS) return {row, left, 0};
  return {rows.end - MOST_TILE_ROWS, MOST_TILE_ROWS, MOST_TILE_ROWS - left};
}

// One walk along a chunk.
struct Walk {
  const uint8_t* rows;
  const int8_t* weights;
  int64_t inner, values;  // a row's, and the chunk's
  const int32_t* start;   // sums to begin with, `start_stride` bytes a row
  int64_t start_stride;
  int32_t* sums;  // SUMS_STRIDE bytes a row
  bool fetch_rows, fetch_weights;
};

// Hides where a pointer comes from: or the addresses of all lines would be worked out before a loop, more of them than
// there are registers.
template <class Value>
static inline VECD_INLINE void forget(const Value*& pointer) {
  asm("" : "+r"(pointer));
}

template <int Columns>
static inline VECD_INLINE void prefetch_weights(const int8_t* weights) {
  forget(weights);
#pragma GCC unroll 16
  for (int64_t row = 0; row < MOST_TILE_ROWS; row++) {
#pragma GCC unroll 4
    for (int64_t line = 0; line < Columns / LANES; line++) prefetch_to_read(weights + row * WEIGHTS_STRIDE + line * 64);
  }
}

static inline VECD_INLINE void prefetch_rows(const uint8_t* rows, int64_t inner) {
#pragma GCC unroll 4
  for (int64_t row = 0; row < MOST_TILE_ROWS; row += 4) {
    forget(rows);
#pragma GCC unroll 4
    for (int64_t r = 0; r < 4; r++) prefetch_to_read(rows + r * inner);
    rows += 4 * inner;
  }
}

// Rows 0 to 15 and `second` to second + 15, which may overlap, by 32 columns. Calls under() with every step.
template <class Tiles, class Under>
static inline VECD_INLINE void walk_pair(Tiles& tiles, const Walk& walk, int64_t second, Under& under) {
  const int64_t inner = walk.inner, start_second = second * walk.start_stride;
  const auto* start = reinterpret_cast<const char*>(walk.start);
  tiles.load(SUM0, start, walk.start_stride);
  tiles.load(SUM1, start + 64, walk.start_stride);
  tiles.load(SUM2, start + start_second, walk.start_stride);
  tiles.load(SUM3, start + start_second + 64, walk.start_stride);
#pragma GCC unroll 1
  for (int64_t i = 0; i < walk.values; i += STEP_VALUES) {
    const uint8_t* rows = walk.rows + i;
    const int8_t* weights = walk.weights + i * PANEL_COLUMNS;
    if (walk.fetch_weights) prefetch_weights<32>(weights + STEP_VALUES * PANEL_COLUMNS);
    if (walk.fetch_rows) {
      prefetch_rows(rows + STEP_VALUES, inner);
      prefetch_rows(rows + STEP_VALUES + second * inner, inner);
    }
    tiles.load(RIGHT0, weights, WEIGHTS_STRIDE);
    tiles.load(LEFT0, rows, inner);
    tiles.load(RIGHT1, weights + 64, WEIGHTS_STRIDE);
    tiles.multiply_bytes(SUM0, LEFT0, RIGHT0);
    tiles.load(LEFT1, rows + second * inner, inner);
    tiles.multiply_bytes(SUM1, LEFT0, RIGHT1);
    tiles.multiply_bytes(SUM2, LEFT1, RIGHT0);
    tiles.multiply_bytes(SUM3, LEFT1, RIGHT1);
    under();
  }
  tiles.store(SUM0, walk.sums, SUMS_STRIDE);
  tiles.store(SUM1, walk.sums + LANES, SUMS_STRIDE);
  tiles.store(SUM2, walk.sums + second * PANEL_COLUMNS, SUMS_STRIDE);
  tiles.store(SUM3, walk.sums + second * PANEL_COLUMNS + LANES, SUMS_STRIDE);
}

// As many rows as tiles have by all 64 columns.
template <class Tiles, class Under>
static inline VECD_INLINE void walk_wide(Tiles& tiles, const Walk& walk, Under& under) {
  const auto* start = reinterpret_cast<const char*>(walk.start);
  tiles.load(SUM0, start, walk.start_stride);
  tiles.load(SUM1, start + 64, walk.start_stride);
  tiles.load(SUM2, start + 128, walk.start_stride);
  tiles.load(SUM3, start + 192, walk.start_stride);
#pragma GCC unroll 1
  for (int64_t i = 0; i < walk.values; i += STEP_VALUES) {
    const int8_t* weights = walk.weights + i * PANEL_COLUMNS;
    if (walk.fetch_weights) prefetch_weights<64>(weights + STEP_VALUES * PANEL_COLUMNS);
    tiles.load(LEFT0, walk.rows + i, walk.inner);
    tiles.load(RIGHT0, weights, WEIGHTS_STRIDE);
    tiles.load(RIGHT1, weights + 64, WEIGHTS_STRIDE);
    tiles.multiply_bytes(SUM0, LEFT0, RIGHT0);
    tiles.load(RIGHT0, weights + 128, WEIGHTS_STRIDE);
    tiles.multiply_bytes(SUM1, LEFT0, RIGHT1);
    tiles.load(RIGHT1, weights + 192, WEIGHTS_STRIDE);
    tiles.multiply_bytes(SUM2, LEFT0, RIGHT0);
    tiles.multiply_bytes(SUM3, LEFT0, RIGHT1);
    under();
  }
  tiles.store(SUM0, walk.sums, SUMS_STRIDE);
  tiles.store(SUM1, walk.sums + LANES, SUMS_STRIDE);
  tiles.store(SUM2, walk.sums + 2 * LANES, SUMS_STRIDE);
  tiles.store(SUM3, walk.sums + 3 * LANES, SUMS_STRIDE);
}

// Writes the block's sums, the zero point's part in them, 64 a row. `fresh`: its weights were not read just before.
template <class Tiles, class Under>
static inline VECD_INLINE void multiply_block(Tiles& tiles, const PackedLinear& linear, const uint8_t* activations,
                                              const Block& block, int64_t panel, bool fresh, int32_t* sums,
                                              Under& under) {
  const int64_t inner = linear.inner;
  for (int64_t chunk = 0; chunk < inner; chunk += CHUNK_VALUES) {
    const int64_t values = inner - chunk < CHUNK_VALUES ? inner - chunk : CHUNK_VALUES;
    for (int64_t row = 0; row < block.count; row += PAIR_ROWS) {
      const int64_t count = block.count - row < PAIR_ROWS ? block.count - row : PAIR_ROWS;
      const bool fetch = row == 0 && (fresh || inner > CHUNK_VALUES);
      int32_t* to = sums + row * PANEL_COLUMNS;
      Walk walk{activations + (block.row + row) * inner + chunk, linear.panel(panel) + chunk * PANEL_COLUMNS,
                inner, values, to, SUMS_STRIDE, to, true, fetch};
      if (chunk == 0) walk.start = linear.start.data() + panel * PANEL_COLUMNS, walk.start_stride = 0;
      if (count <= MOST_TILE_ROWS) {
        walk_wide(tiles, walk, under);
        continue;
      }
#pragma GCC unroll 1
      for (int half = 0; half < 2; half++) {
        walk_pair(tiles, walk, count - MOST_TILE_ROWS, under);
        walk.fetch_rows = false;
        walk.weights += 128;
        walk.start += PANEL_COLUMNS / 2;
        walk.sums += PANEL_COLUMNS / 2;
      }
    }
  }
}

}  // namespace

}  // namespace vecd
