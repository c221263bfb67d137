// What is done a few rows at a time between the steps of products: sums to outputs, and outputs normalized.
#pragma once

#include "../avx512/epilogues.h"
#include "../avx512/norm.h"
#include "blocks.h"

namespace vecd {

namespace {

// Spreads some items over some steps.
struct Pace {
  int64_t items, steps, due;

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
  VECD_INLINE Waiting(const PackedLinear& linear, const Epilogue& epilogue) : linear_(linear), epilogue_(epilogue) {}

  // Which of two places for sums is free.
  VECD_INLINE int turn() { return turn_ ^= 1; }
  VECD_INLINE void begin(const int32_t* sums, const Block& block, int64_t panel) {
    sums_ = sums + block.skip * PANEL_COLUMNS;
    row_ = block.row + block.skip;
    end_ = block.end();
    panel_ = panel;
  }
  VECD_INLINE void spread(int64_t steps) { pace_ = {end_ - row_, steps, 0}; }
  VECD_INLINE void step() {
    pace_.step();
    while (left() && pace_.take()) finish_row();
  }
  VECD_INLINE void finish() {
    while (left()) finish_row();
  }

 private:
  static constexpr int64_t ROWS_AHEAD = 2;

  bool left() const { return row_ < end_; }
  VECD_INLINE void finish_row() {
    const int64_t column = panel_ * PANEL_COLUMNS;
    const Dequantization dequantize{linear_.scales.data() + column, linear_.bias.data() + column};
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) epilogue_.prefetch(row_ + ROWS_AHEAD, column + LANES * v);
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) {
      epilogue_(row_, column + LANES * v, dequantize(_mm512_load_si512(sums_ + LANES * v), v));
    }
    sums_ += PANEL_COLUMNS;
    row_++;
  }

  const PackedLinear& linear_;
  const Epilogue epilogue_;
  const int32_t* sums_ = nullptr;
  int64_t row_ = 0, end_ = 0, panel_ = 0;
  int turn_ = 0;
  Pace pace_{0, 1, 0};
};

// Rows whose sums are all added up, and which wait to be normalized: from spread() on, or until finish().
class Normalizing {
 public:
  Normalizing(const LayerNorm& norm, const Quantization& quantization, float* hidden, uint8_t* quantized)
      : norm_(norm), quantization_(quantization), hidden_(hidden), quantized_(quantized) {}

  void begin(Range rows) {
    rows_ = rows;
    pace_ = {0, 1, 0};
  }
  VECD_INLINE void spread(int64_t steps) {
    if (steps > 0) pace_ = {rows_.end - rows_.begin, steps, 0};
  }
  VECD_INLINE void step() {
    pace_.step();
    while (left() && pace_.take()) finish_row();
  }
  void finish() {
    while (left()) finish_row();
  }

 private:
  bool left() const { return rows_.begin < rows_.end; }
  void finish_row() {
    const int64_t at = rows_.begin++ * norm_.width;
    normalize_row(norm_, quantization_, hidden_ + at, quantized_ == nullptr ? nullptr : quantized_ + at);
  }

  const LayerNorm& norm_;
  const Quantization& quantization_;
  float* const hidden_;
  uint8_t* const quantized_;
  Range rows_ = {0, 0};
  Pace pace_{0, 1, 0};
};

struct NothingElse {
  VECD_INLINE void spread(int64_t) {}
  VECD_INLINE void step() {}
};

}  // namespace

}  // namespace vecd
