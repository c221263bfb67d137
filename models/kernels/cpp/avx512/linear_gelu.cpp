#include "gelu.h"
#include "gemm.h"

namespace vecd {

namespace {

struct GeluAndQuantize {
  Gelu gelu;
  const float* multiplier;
  Floats zero_point;
  uint8_t* output;
  int64_t columns;

  VECD_INLINE void prefetch(int64_t row, int64_t column) const {
    if (column % PANEL_COLUMNS == 0) prefetch_to_write(output + row * columns + column);  // a row is one cache line
  }
  VECD_INLINE void operator()(int64_t row, int64_t column, Floats values) const {
    quantize(gelu(values), load(multiplier + column), zero_point, output + row * columns + column);
  }
};

}  // namespace

void linear_gelu_quantize(const PackedLinear& linear, const Quantization& quantization, const uint8_t* activations,
                          Range rows, Range panels, uint8_t* output) {
  const GeluAndQuantize epilogue{{}, quantization.multiplier, repeat(quantization.zero_point), output, linear.columns};
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    compute_panel(linear, activations, rows, panel, epilogue);
  }
}

}  // namespace vecd
