#include "gemm.h"

namespace vecd {

namespace {

struct StoreFloats {
  float* output;
  int64_t columns;

  VECD_INLINE void prefetch(int64_t row, int64_t column) const { prefetch_to_write(output + row * columns + column); }
  VECD_INLINE void operator()(int64_t row, int64_t column, Floats values) const {
    store(output + row * columns + column, values);
  }
};

}  // namespace

void linear_float(const PackedLinear& linear, const uint8_t* activations, Range rows, Range panels, float* output) {
  const StoreFloats epilogue{output, linear.columns};
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    compute_panel(linear, activations, rows, panel, epilogue);
  }
}

}  // namespace vecd
