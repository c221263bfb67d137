// Attention with dot products in bfloat16, by VDPBF16PS.

#include "attend.h"
#include "pair_lane.h"

namespace vecd {

void attend_bf16(const Head& head, float* scratch) { attend_head<PairLane>(head, scratch); }

}  // namespace vecd
