// Pool: the rows of each text become one, as it is and of length 1.

#include <cinttypes>
#include <new>

#include "compute.h"
#include "lengths.h"
#include "run.h"
#include "setup.h"

namespace vecd {

namespace {

enum Input : size_t { HIDDEN, LENGTHS };
enum Mode : int64_t { MEAN = 0, FIRST_TOKEN = 1 };

constexpr int64_t LEAST_TASK_VALUES = 256 << 10, MOST_TASKS = 64;  // 256 Ki additions take one core about 40 µs

struct Pool {
  int64_t mode = MEAN;
};

Status* create(const Setup& setup, void** kernel) {
  Pool pool;
  VECD_TRY(setup.integer("mode", MEAN, FIRST_TOKEN, &pool.mode));
  *kernel = new (std::nothrow) Pool(pool);
  return *kernel == nullptr ? setup.out_of_memory() : nullptr;
}

void destroy(void* kernel) { delete static_cast<Pool*>(kernel); }

Status* compute(const void* kernel, const Run& run) {
  const auto& pool = *static_cast<const Pool*>(kernel);
  Tensor hidden;
  Texts texts;
  VECD_TRY(run.input(HIDDEN, matrix_of(ANY, ANY), &hidden));
  const int64_t width = hidden.columns();
  if (width < HIDDEN_STEP || width > MOST_HIDDEN || width % HIDDEN_STEP != 0) {
    return run.invalid("input hidden has %" PRId64 " columns, expected a multiple of %" PRId64 " up to %" PRId64, width,
                       HIDDEN_STEP, MOST_HIDDEN);
  }
  VECD_TRY(read_lengths(run, LENGTHS, hidden.rows(), &texts));
  float *normalized = nullptr, *pooled = nullptr;
  VECD_TRY(run.output(0, matrix_of(texts.count, width), &normalized));
  VECD_TRY(run.output(1, matrix_of(texts.count, width), &pooled));
  const int64_t tasks = tasks_for(hidden.rows() * width, LEAST_TASK_VALUES, MOST_TASKS);
  return run.split(texts.count, tasks, [&](int64_t begin, int64_t end) {
    for (int64_t text = begin; text < end; text++) {
      const int64_t tokens = pool.mode == MEAN ? texts.length(text) : 1;
      float* row = (pooled != nullptr ? pooled : normalized) + text * width;
      pool_mean(hidden.as<float>() + texts.starts[text] * width, tokens, width, row);
      normalize_l2(row, width, normalized + text * width);
    }
  });
}

}  // namespace

constexpr Signature POOL{
    "Pool",
    2,
    {{"hidden", ElementType::FLOAT}, {"lengths", ElementType::INT64}},
    2,
    {{"sentence_embedding", ElementType::FLOAT}, {"pooled", ElementType::FLOAT, Characteristic::OPTIONAL}},
    create,
    compute,
    destroy,
};

}  // namespace vecd
