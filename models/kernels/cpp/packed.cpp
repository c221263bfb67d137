#include "packed.h"

namespace vecd {

bool PackedLinear::pack(const int8_t* values, int64_t inner_count, int64_t column_count, int64_t zero_point) {
  inner = inner_count;
  columns = column_count;
  if (!weights.allocate(inner * columns) || !start.allocate(columns)) return false;
  for (int64_t column = 0; column < columns; column++) {
    int8_t* lane = weights.data() + column / PANEL_COLUMNS * inner * PANEL_COLUMNS + column % PANEL_COLUMNS * 4;
    int64_t sum = 0;
    for (int64_t i = 0; i < inner; i++) {
      const int8_t value = values[i * columns + column];
      lane[i / 4 * 4 * PANEL_COLUMNS + i % 4] = value;
      sum += value;
    }
    start[column] = static_cast<int32_t>(-zero_point * sum);
  }
  return true;
}

}  // namespace vecd
