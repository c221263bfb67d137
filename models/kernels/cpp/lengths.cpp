#include "lengths.h"

#include <cinttypes>

namespace vecd {

int64_t Texts::text_of(int64_t row) const {
  int64_t low = 0, high = count;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (starts[middle] <= row ? low : high) = middle;
  }
  return low;
}

Status* read_lengths(const Run& run, size_t index, int64_t rows, Texts* texts) {
  Tensor lengths;
  VECD_TRY(run.input(index, vector_of(ANY), &lengths));
  texts->count = lengths.rows();
  if (!texts->starts.allocate(texts->count + 1)) return run.out_of_memory();
  int64_t start = 0;
  for (int64_t i = 0; i < texts->count; i++) {
    const int64_t length = lengths.as<int64_t>()[i];
    if (length < 1) return run.invalid("input lengths holds %" PRId64 " for text %" PRId64, length, i);
    if (length > rows - start) {
      return run.invalid("input lengths adds up to more than the %" PRId64 " tokens given, from text %" PRId64 " on",
                         rows, i);
    }
    texts->starts[i] = start;
    start += length;
  }
  texts->starts[texts->count] = start;
  if (start == rows) return nullptr;
  return run.invalid("input lengths adds up to %" PRId64 ", there are %" PRId64 " tokens", start, rows);
}

}  // namespace vecd
