// The same where the processor has no tiles: the same bits, slowly.

#include "../avx512/emulated_pair_lane.h"
#include "attend.h"
#include "emulated_tiles.h"
#include "products.h"

namespace vecd {

const Linears EMULATED_LINEARS = {to_float<EmulatedTiles>, gelu_quantize<EmulatedTiles>, norm_quantize<EmulatedTiles>};

void attend_tiled_emulated(const Head& first, int64_t heads, float* scratch) {
  attend_on_tiles<EmulatedTiles, EmulatedPairLane>(first, heads, scratch);
}

}  // namespace vecd
