// Attention in float.

#include "attend.h"

namespace vecd {

namespace {

struct FloatLane {
  using Unit = float;
  using Vector = Floats;
  static constexpr int WIDTH = 1;

  static VECD_INLINE Floats pack(const Floats (&parts)[WIDTH]) { return parts[0]; }
  static VECD_INLINE Floats interleave(const Floats (&rows)[WIDTH]) { return rows[0]; }
  static VECD_INLINE Floats as_floats(Floats lanes) { return lanes; }
  static VECD_INLINE Floats repeat(float value) { return vecd::repeat(value); }
  static VECD_INLINE Floats load(const float* from) { return vecd::load(from); }
  static VECD_INLINE void store(float* to, Floats values) { vecd::store(to, values); }
  static VECD_INLINE void multiply_add(Floats& sum, Floats left, Floats right) {
    sum = _mm512_fmadd_ps(left, right, sum);
  }
};

}  // namespace

// In first-level cache for texts of up to about 100 tokens.
int64_t attention_scratch(int64_t tokens, int64_t head_size) {
  return pad(tokens) * (2 * head_size + BLOCK_QUERIES) + BLOCK_QUERIES * head_size;
}

void attend(const Head& head, float* scratch) { attend_head<FloatLane>(head, scratch); }

}  // namespace vecd
