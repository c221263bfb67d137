#include "gelu.h"
#include "gemm.h"

namespace vecd {

void linear_gelu_quantize(const PackedLinear& linear, const Quantization& quantization, const uint8_t* activations,
                          Range rows, Range panels, uint8_t* output) {
  const Gelu gelu;
  const Floats zero_point = repeat(quantization.zero_point);
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    compute_panel(linear, activations, rows, panel, [&](int64_t row, int64_t column, Floats values) VECD_INLINE {
      quantize(gelu(values), load(quantization.multiplier + column), zero_point,
               output + row * linear.columns + column);
    });
  }
}

}  // namespace vecd
