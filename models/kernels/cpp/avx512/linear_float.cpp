#include "epilogues.h"
#include "gemm.h"

namespace vecd {

void linear_float(const PackedLinear& linear, const uint8_t* activations, Range rows, Range panels, float* output) {
  const StoreFloats epilogue{output, linear.columns};
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    compute_panel(linear, activations, rows, panel, epilogue);
  }
}

}  // namespace vecd
