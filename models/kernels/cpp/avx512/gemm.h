// uint8 rows times packed int8 columns: a tile of up to 6 rows and 64 columns stays in registers from the first product
// to the epilogue, so that no int32 is ever written to memory.
//
// 6 x 4 sums, 4 vectors of weights and the row's value fill 29 of the 32 registers. One-instruction assembly, since gcc
// 12 spills every sum of such a tile with the intrinsic.
#pragma once

#include "epilogues.h"

namespace vecd {

constexpr int TILE_VECTORS = 4;
constexpr int64_t STEP = 4;  // values of the inner dimension that one VPDPBUSD lane takes

static inline VECD_INLINE void multiply_add(Ints& sum, Ints activation, Ints weight) {
#if defined(__SANITIZE_ADDRESS__)  // a sanitizer sees nothing of assembly
  sum = _mm512_dpbusd_epi32(sum, activation, weight);
#else
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(activation), "v"(weight));
#endif
}

static inline VECD_INLINE Ints load_weights(const int8_t* from) {
  Ints weights = _mm512_load_si512(from);
#if !defined(__SANITIZE_ADDRESS__)
  asm("" : "+v"(weights));  // in a register now, not again with every product
#endif
  return weights;
}

static inline VECD_INLINE Ints repeat_activation(const uint8_t* from) {
  int32_t four;
  __builtin_memcpy(&four, from, sizeof four);
  return _mm512_set1_epi32(four);
}

template <int Rows>
static inline VECD_INLINE void multiply_tile(const uint8_t* activations, int64_t inner, const int8_t* panel,
                                             const int32_t* start, Ints (&sums)[Rows][TILE_VECTORS]) {
#pragma GCC unroll 6
  for (int row = 0; row < Rows; row++) {
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) sums[row][v] = _mm512_load_si512(start + LANES * v);
  }
#pragma GCC unroll 1
  for (int64_t i = 0; i < inner; i += STEP, panel += STEP * PANEL_COLUMNS) {
    Ints weights[TILE_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) weights[v] = load_weights(panel + 64 * v);
#pragma GCC unroll 6
    for (int row = 0; row < Rows; row++) {
      const Ints activation = repeat_activation(activations + row * inner + i);
#pragma GCC unroll 4
      for (int v = 0; v < TILE_VECTORS; v++) multiply_add(sums[row][v], activation, weights[v]);
    }
  }
}

template <int Rows, class Epilogue>
static inline VECD_INLINE void compute_tile(const PackedLinear& linear, const uint8_t* activations, int64_t row,
                                            int64_t panel, const Epilogue& epilogue) {
  const int64_t column = panel * PANEL_COLUMNS;
#pragma GCC unroll 6
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) epilogue.prefetch(row + r, column + LANES * v);
  }
  Ints sums[Rows][TILE_VECTORS];
  multiply_tile<Rows>(activations + row * linear.inner, linear.inner, linear.panel(panel), linear.start.data() + column,
                      sums);
  const Dequantization dequantize{linear.scales.data() + column, linear.bias.data() + column};
#pragma GCC unroll 6
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) epilogue(row + r, column + LANES * v, dequantize(sums[r][v], v));
  }
}

// Calls epilogue(row, column, sixteen floats) for every value of the rows in one panel; and, before a tile's products,
// epilogue.prefetch(row, column), so that what the epilogue touches is there when they are done.
template <class Epilogue>
static inline void compute_panel(const PackedLinear& linear, const uint8_t* activations, Range rows, int64_t panel,
                                 const Epilogue& epilogue) {
  int64_t row = rows.begin;
  for (; row + TILE_ROWS <= rows.end; row += TILE_ROWS) {
    compute_tile<TILE_ROWS>(linear, activations, row, panel, epilogue);
  }
  switch (rows.end - row) {
    case 1: return compute_tile<1>(linear, activations, row, panel, epilogue);
    case 2: return compute_tile<2>(linear, activations, row, panel, epilogue);
    case 3: return compute_tile<3>(linear, activations, row, panel, epilogue);
    case 4: return compute_tile<4>(linear, activations, row, panel, epilogue);
    case 5: return compute_tile<5>(linear, activations, row, panel, epilogue);
  }
}

}  // namespace vecd
