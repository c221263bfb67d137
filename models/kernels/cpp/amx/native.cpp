// What is computed on the processor's tiles: the only file whose code holds their instructions.

#include "../avx512/pair_lane.h"
#include "attend.h"
#include "products.h"

namespace vecd {

const Linears TILED_LINEARS = {to_float<NativeTiles>, gelu_quantize<NativeTiles>, norm_quantize<NativeTiles>};

void attend_tiled(const Head& first, int64_t heads, float* scratch) {
  attend_on_tiles<NativeTiles, PairLane>(first, heads, scratch);
}

int64_t tiled_attention_scratch(int64_t tokens, int64_t head_size) { return tiles_scratch(tokens, head_size); }

}  // namespace vecd
