// Where each text of a ragged run begins.
#pragma once

#include "buffer.h"
#include "run.h"

namespace vecd {

// The texts of a run stand one after another in rows; text i is rows starts[i] to starts[i + 1].
struct Texts {
  int64_t count = 0;
  Buffer<int64_t> starts;

  int64_t length(int64_t text) const { return starts[text + 1] - starts[text]; }
  // The text that a row belongs to.
  int64_t text_of(int64_t row) const;
};

// Reads the input `lengths`; fails unless all are positive and together make `rows`.
Status* read_lengths(const Run& run, size_t index, int64_t rows, Texts* texts);

}  // namespace vecd
