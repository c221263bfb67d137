#include "gemm.h"
#include "norm.h"

namespace vecd {

namespace {

constexpr int64_t BLOCK_ROWS = 48;  // whose sums stay in the second-level cache until they are normalized

struct AddResidual {
  const float* residual;
  float* hidden;
  int64_t width;

  VECD_INLINE void prefetch(int64_t row, int64_t column) const {
    prefetch_to_read(residual + row * width + column);
    prefetch_to_write(hidden + row * width + column);
  }
  VECD_INLINE void operator()(int64_t row, int64_t column, Floats values) const {
    const int64_t at = row * width + column;
    store(hidden + at, _mm512_add_ps(values, load(residual + at)));
  }
};

}  // namespace

void linear_norm_quantize(const PackedLinear& linear, const LayerNorm& norm, const Quantization& quantization,
                          const uint8_t* activations, Range rows, const float* residual, float* hidden,
                          uint8_t* quantized) {
  const int64_t width = norm.width;
  const AddResidual epilogue{residual, hidden, width};
  for (int64_t begin = rows.begin; begin < rows.end; begin += BLOCK_ROWS) {
    const Range block{begin, begin + BLOCK_ROWS < rows.end ? begin + BLOCK_ROWS : rows.end};
    for (int64_t panel = 0; panel < linear.panels(); panel++) {
      compute_panel(linear, activations, block, panel, epilogue);
    }
    for (int64_t row = block.begin; row < block.end; row++) {
      normalize_row(norm, quantization, hidden + row * width, quantized == nullptr ? nullptr : quantized + row * width);
    }
  }
}

}  // namespace vecd
