#include "epilogues.h"
#include "gemm.h"

namespace vecd {

void linear_gelu_quantize(const PackedLinear& linear, const Quantization& quantization, const uint8_t* activations,
                          Range rows, Range panels, uint8_t* output) {
  const GeluAndQuantize epilogue{{}, quantization.multiplier, repeat(quantization.zero_point), output, linear.columns};
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    compute_panel(linear, activations, rows, panel, epilogue);
  }
}

}  // namespace vecd
