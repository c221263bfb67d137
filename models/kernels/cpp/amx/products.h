// The linear operators on tiles: the sums of one block become outputs while the tiles multiply the next one.
//
// The processor does both at once where both are in its window of some hundreds of instructions: so a few rows of
// outputs follow each step of products. Outputs have the bits of avx512/gemm.h: sums are exact, and what is done to them
// is the same code. All is inlined, so that what epilogues hold stays in registers from step to step.
#pragma once

#include "../avx512/epilogues.h"
#include "blocks.h"
#include "under.h"

namespace vecd {

namespace {

struct Operands {
  const PackedLinear& linear;
  const uint8_t* activations;
  Range rows;  // all that this call may read

  int64_t tile_rows() const {
    const int64_t count = rows.end - rows.begin;
    return count < MOST_TILE_ROWS ? count : MOST_TILE_ROWS;
  }
  Block take_block(Range* from) const {
    const Block block = next_block({rows.begin, from->end}, from->begin, block_rows(linear.inner));
    from->begin = block.end();
    return block;
  }
  // Of the products of some rows and one panel.
  int64_t count_steps(Range some) const {
    int64_t steps = 0;
    while (some.begin < some.end) steps += take_block(&some).steps(linear.inner);
    return steps;
  }
};

// Sums of two blocks in turn: of the one that is multiplied, and of the one that waits.
struct Sums {
  alignas(64) int32_t of[2][MOST_BLOCK_ROWS * PANEL_COLUMNS];
};

// Computes some rows, which follow those of the call before, but for the outputs of the last block: these are left in
// `waiting`. Where those of the call before are all there, `also` begins, spread over the steps that are left.
template <class Tiles, class Epilogue, class Also>
static inline VECD_INLINE void multiply(Tiles& tiles, const Operands& operands, Range rows, Range panels, Sums& sums,
                                        Waiting<Epilogue>& waiting, Also& also) {
  const int64_t all_steps = operands.count_steps(rows) * (panels.end - panels.begin);
  bool first = true;
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    for (Range left = rows; left.begin < left.end;) {
      const bool fresh = left.begin == rows.begin;
      const Block block = operands.take_block(&left);
      const int64_t steps = block.steps(operands.linear.inner);
      int32_t* to = sums.of[waiting.turn()];
      waiting.spread(steps);
      auto under = [&]() VECD_INLINE { waiting.step(), also.step(); };
      multiply_block(tiles, operands.linear, operands.activations, block, panel, fresh, to, under);
      waiting.finish();
      waiting.begin(to, block, panel);
      if (first) also.spread(all_steps - steps);
      first = false;
    }
  }
}

constexpr int64_t NORM_ROWS = 64;  // whose sums stay in the second-level cache until they are normalized

template <class Tiles>
static void to_float(const PackedLinear& linear, const uint8_t* activations, Range rows, Range panels, float* output) {
  const Operands operands{linear, activations, rows};
  Tiles tiles(operands.tile_rows());
  Sums sums;
  Waiting<StoreFloats> waiting(linear, {output, linear.columns});
  NothingElse nothing;
  multiply(tiles, operands, rows, panels, sums, waiting, nothing);
  waiting.finish();
}

template <class Tiles>
static void gelu_quantize(const PackedLinear& linear, const Quantization& quantization, const uint8_t* activations,
                          Range rows, Range panels, uint8_t* output) {
  const Operands operands{linear, activations, rows};
  Tiles tiles(operands.tile_rows());
  Sums sums;
  Waiting<GeluAndQuantize> waiting(
      linear, {{}, quantization.multiplier, repeat(quantization.zero_point), output, linear.columns});
  NothingElse nothing;
  multiply(tiles, operands, rows, panels, sums, waiting, nothing);
  waiting.finish();
}

template <class Tiles>
static void norm_quantize(const PackedLinear& linear, const LayerNorm& norm, const Quantization& quantization,
                          const uint8_t* activations, Range rows, const float* residual, float* hidden,
                          uint8_t* quantized) {
  const Operands operands{linear, activations, rows};
  Tiles tiles(operands.tile_rows());
  Sums sums;
  Waiting<AddResidual> waiting(linear, {residual, hidden, norm.width});
  Normalizing normalizing(norm, quantization, hidden, quantized);
  for (int64_t begin = rows.begin; begin < rows.end; begin += NORM_ROWS) {
    const Range some{begin, begin + NORM_ROWS < rows.end ? begin + NORM_ROWS : rows.end};
    multiply(tiles, operands, some, {0, linear.panels()}, sums, waiting, normalizing);
    normalizing.finish();
    normalizing.begin(some);
  }
  waiting.finish();
  normalizing.finish();
}

}  // namespace

}  // namespace vecd
