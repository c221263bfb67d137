// The linear operators on tiles: the sums of one block become outputs while the tiles multiply the next one.
//
// The processor does both at once where both are in its window of some hundreds of instructions: so a few rows of
// outputs follow each step of products. Outputs have the bits of avx512/gemm.h: sums are exact, and what is done to them
// is the same code.
#pragma once

#include "../avx512/epilogues.h"
#include "../avx512/norm.h"
#include "blocks.h"

namespace vecd {

namespace {

// Spreads some items over some steps.
struct Pace {
  int64_t items = 0, steps = 1, due = 0;

  VECD_INLINE void step() { due += items; }
  VECD_INLINE bool take() {
    if (due < steps) return false;
    due -= steps;
    return true;
  }
};

// Sums of a block that wait to become outputs.
template <class Epilogue>
class Waiting {
 public:
  Waiting(const PackedLinear& linear, const Epilogue& epilogue) : linear_(linear), epilogue_(epilogue) {}

  void begin(const int32_t* sums, const Block& block, int64_t panel) {
    sums_ = sums + block.skip * PANEL_COLUMNS;
    row_ = block.row + block.skip;
    end_ = block.end();
    column_ = panel * PANEL_COLUMNS;
  }
  void spread(int64_t steps) { pace_ = {end_ - row_, steps}; }
  VECD_INLINE void step() {
    pace_.step();
    while (pace_.take()) finish_row();
  }
  void finish() {
    while (row_ < end_) finish_row();
  }

 private:
  static constexpr int64_t ROWS_AHEAD = 2;

  VECD_INLINE void finish_row() {
    if (row_ == end_) return;
    const Dequantization dequantize{linear_.scales.data() + column_, linear_.bias.data() + column_};
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) epilogue_.prefetch(row_ + ROWS_AHEAD, column_ + LANES * v);
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
      epilogue_(row_, column_ + LANES * v, dequantize(_mm512_load_si512(sums_ + LANES * v), v));
    }
    sums_ += PANEL_COLUMNS;
    row_++;
  }

  const PackedLinear& linear_;
  const Epilogue epilogue_;
  const int32_t* sums_ = nullptr;
  int64_t row_ = 0, end_ = 0, column_ = 0;
  Pace pace_;
};

// Rows whose sums are all added up, and which wait to be normalized.
class Normalizing {
 public:
  Normalizing(const LayerNorm& norm, const Quantization& quantization, float* hidden, uint8_t* quantized)
      : norm_(norm), quantization_(quantization), hidden_(hidden), quantized_(quantized) {}

  void begin(Range rows) { rows_ = rows; }
  void spread(int64_t steps) { pace_ = {rows_.end - rows_.begin, steps}; }
  VECD_INLINE void step() {
    pace_.step();
    while (pace_.take()) finish_row();
  }
  void finish() {
    while (rows_.begin < rows_.end) finish_row();
  }

 private:
  void finish_row() {
    if (rows_.begin == rows_.end) return;
    const int64_t at = rows_.begin++ * norm_.width;
    normalize_row(norm_, quantization_, hidden_ + at, quantized_ == nullptr ? nullptr : quantized_ + at);
  }

  const LayerNorm& norm_;
  const Quantization& quantization_;
  float* const hidden_;
  uint8_t* const quantized_;
  Range rows_ = {0, 0};
  Pace pace_;
};

struct NothingElse {
  void spread(int64_t) {}
  VECD_INLINE void step() {}
};

template <class Tiles, class Epilogue>
class TiledProducts {
 public:
  // `rows` are all that may be read: those of this call.
  TiledProducts(const PackedLinear& linear, const uint8_t* activations, Range rows, const Epilogue& epilogue)
      : linear_(linear),
        activations_(activations),
        rows_(rows),
        tiles_(rows.end - rows.begin < MOST_TILE_ROWS ? rows.end - rows.begin : MOST_TILE_ROWS),
        waiting_(linear, epilogue) {}

  // Computes some of the rows, which follow those of the call before, but for the outputs of the last block. Where that
  // of the call before is done, `also` begins, spread over all steps that are left.
  template <class Also>
  void multiply(Range rows, Range panels, Also& also) {
    const int64_t most = block_rows(linear_.inner);
    int64_t left = 0;
    for (Range at = rows; at.begin < at.end;) left += take_block(&at, most).steps(linear_.inner);
    left *= panels.end - panels.begin;
    bool first = true;
    for (int64_t panel = panels.begin; panel < panels.end; panel++) {
      for (Range at = rows; at.begin < at.end;) {
        const bool fresh = at.begin == rows.begin;
        const Block block = take_block(&at, most);
        const int64_t steps = block.steps(linear_.inner);
        waiting_.spread(steps);
        if (first) {
          auto under = [&]() VECD_INLINE { waiting_.step(); };
          compute(block, panel, fresh, under);
          also.spread(left - steps > 0 ? left - steps : 1);
        } else {
          auto under = [&]() VECD_INLINE { waiting_.step(), also.step(); };
          compute(block, panel, fresh, under);
        }
        first = false;
      }
    }
  }
  void finish() { waiting_.finish(); }

 private:
  Block take_block(Range* at, int64_t most) const {
    const Block block = next_block({rows_.begin, at->end}, at->begin, most);
    at->begin = block.end();
    return block;
  }

  template <class Under>
  void compute(const Block& block, int64_t panel, bool fresh, Under& under) {
    int32_t* sums = sums_[which_ ^= 1];
    multiply_block(tiles_, linear_, activations_, block, panel, fresh, sums, under);
    waiting_.finish();
    waiting_.begin(sums, block, panel);
  }

  const PackedLinear& linear_;
  const uint8_t* const activations_;
  const Range rows_;
  Tiles tiles_;
  Waiting<Epilogue> waiting_;
  int which_ = 0;
  alignas(64) int32_t sums_[2][MOST_BLOCK_ROWS * PANEL_COLUMNS];
};

constexpr int64_t NORM_ROWS = 64;  // whose sums stay in the second-level cache until they are normalized

template <class Tiles>
static void to_float(const PackedLinear& linear, const uint8_t* activations, Range rows, Range panels, float* output) {
  TiledProducts<Tiles, StoreFloats> products(linear, activations, rows, {output, linear.columns});
  NothingElse nothing;
  products.multiply(rows, panels, nothing);
  products.finish();
}

template <class Tiles>
static void gelu_quantize(const PackedLinear& linear, const Quantization& quantization, const uint8_t* activations,
                          Range rows, Range panels, uint8_t* output) {
  const GeluAndQuantize epilogue{{}, quantization.multiplier, repeat(quantization.zero_point), output, linear.columns};
  TiledProducts<Tiles, GeluAndQuantize> products(linear, activations, rows, epilogue);
  NothingElse nothing;
  products.multiply(rows, panels, nothing);
  products.finish();
}

template <class Tiles>
static void norm_quantize(const PackedLinear& linear, const LayerNorm& norm, const Quantization& quantization,
                          const uint8_t* activations, Range rows, const float* residual, float* hidden,
                          uint8_t* quantized) {
  TiledProducts<Tiles, AddResidual> products(linear, activations, rows, {residual, hidden, norm.width});
  Normalizing normalizing(norm, quantization, hidden, quantized);
  for (int64_t begin = rows.begin; begin < rows.end; begin += NORM_ROWS) {
    const Range some{begin, begin + NORM_ROWS < rows.end ? begin + NORM_ROWS : rows.end};
    products.multiply(some, {0, linear.panels()}, normalizing);
    normalizing.finish();
    normalizing.begin(some);
  }
  products.finish();
  normalizing.finish();
}

}  // namespace

}  // namespace vecd
