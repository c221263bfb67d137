#include "gemm.h"

namespace vecd {

void linear_float(const PackedLinear& linear, const uint8_t* activations, Range rows, Range panels, float* output) {
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    compute_panel(linear, activations, rows, panel, [&](int64_t row, int64_t column, Floats values) VECD_INLINE {
      store(output + row * linear.columns + column, values);
    });
  }
}

}  // namespace vecd
