// Attention with dot products in bfloat16, emulated.

#include "attend.h"
#include "emulated_pair_lane.h"

namespace vecd {

void attend_bf16_emulated(const Head& head, float* scratch) { attend_head<EmulatedPairLane>(head, scratch); }

}  // namespace vecd
