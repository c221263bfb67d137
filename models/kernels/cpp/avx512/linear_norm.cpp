#include "epilogues.h"
#include "gemm.h"
#include "norm.h"

namespace vecd {

namespace {

constexpr int64_t BLOCK_ROWS = 48;  // whose sums stay in the second-level cache until they are normalized

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
