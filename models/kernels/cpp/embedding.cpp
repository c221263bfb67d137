// Embedding: token ids of ragged texts become normalized hidden states, and the same quantized.

#include <cinttypes>
#include <cstring>
#include <new>

#include "compute.h"
#include "lengths.h"
#include "run.h"
#include "setup.h"

namespace vecd {

namespace {

enum Input : size_t { INPUT_IDS, LENGTHS, WORDS, WORD_SCALES, POSITIONS, GAMMA, BETA, MULTIPLIER };

constexpr int64_t LEAST_TASK_VALUES = 64 << 10, MOST_TASKS = 64;  // 64 Ki values take one core about 75 µs

struct Embedding {
  Buffer<float> gamma, beta, multiplier;
  int64_t width = 0, zero_point = 0;
  float epsilon = 0;
};

// The tables are read where ONNX Runtime keeps them: a vocabulary is too large to copy for nothing.
struct Tables {
  Tensor words, scales, positions;
};

Status* load(const Setup& setup, Embedding* embedding) {
  VECD_TRY(setup.integer("zero_point", 0, 255, &embedding->zero_point));
  VECD_TRY(setup.epsilon(&embedding->epsilon));
  Tensor words, table;
  VECD_TRY(setup.constant(WORDS, matrix_of(ANY, ANY), &words));
  const int64_t width = words.columns();
  if (width < HIDDEN_STEP || width > MOST_HIDDEN || width % HIDDEN_STEP != 0) {
    return setup.invalid("input words has %" PRId64 " columns, expected a multiple of %" PRId64 " up to %" PRId64,
                         width, HIDDEN_STEP, MOST_HIDDEN);
  }
  embedding->width = width;
  VECD_TRY(setup.constant(WORD_SCALES, vector_of(words.rows()), &table));
  VECD_TRY(setup.constant(POSITIONS, matrix_of(ANY, width), &table));
  VECD_TRY(setup.constant(GAMMA, width, &embedding->gamma));
  VECD_TRY(setup.constant(BETA, width, &embedding->beta));
  return setup.constant(MULTIPLIER, width, &embedding->multiplier);
}

Status* create(const Setup& setup, void** kernel) {
  auto* embedding = new (std::nothrow) Embedding;
  if (embedding == nullptr) return setup.out_of_memory();
  if (Status* failure = load(setup, embedding)) {
    delete embedding;
    return failure;
  }
  *kernel = embedding;
  return nullptr;
}

void destroy(void* kernel) { delete static_cast<Embedding*>(kernel); }

Status* read_tables(const Run& run, int64_t width, Tables* tables) {
  VECD_TRY(run.input(WORDS, matrix_of(ANY, width), &tables->words));
  VECD_TRY(run.input(WORD_SCALES, vector_of(tables->words.rows()), &tables->scales));
  return run.input(POSITIONS, matrix_of(ANY, width), &tables->positions);
}

// Copies them: the caller's memory might change after it was checked.
Status* read_ids(const Run& run, const Tensor& given, int64_t vocabulary, Buffer<int64_t>* ids) {
  if (!ids->allocate(given.rows())) return run.out_of_memory();
  std::memcpy(ids->data(), given.data, static_cast<size_t>(given.rows()) * sizeof(int64_t));
  for (int64_t i = 0; i < given.rows(); i++) {
    const int64_t id = (*ids)[i];
    if (id >= 0 && id < vocabulary) continue;
    return run.invalid("input input_ids holds %" PRId64 " at %" PRId64 ", allowed is 0 to %" PRId64, id, i,
                       vocabulary - 1);
  }
  return nullptr;
}

Status* check_lengths(const Run& run, const Texts& texts, int64_t positions) {
  for (int64_t i = 0; i < texts.count; i++) {
    if (texts.length(i) <= positions) continue;
    return run.invalid("input lengths holds %" PRId64 " for text %" PRId64 ", there are %" PRId64 " positions",
                       texts.length(i), i, positions);
  }
  return nullptr;
}

Status* compute(const void* kernel, const Run& run) {
  const auto& embedding = *static_cast<const Embedding*>(kernel);
  const int64_t width = embedding.width;
  Tensor given;
  Buffer<int64_t> ids;
  Texts texts;
  Tables tables;
  VECD_TRY(run.input(INPUT_IDS, vector_of(ANY), &given));
  const int64_t tokens = given.rows();
  VECD_TRY(read_lengths(run, LENGTHS, tokens, &texts));
  VECD_TRY(read_tables(run, width, &tables));
  VECD_TRY(read_ids(run, given, tables.words.rows(), &ids));
  VECD_TRY(check_lengths(run, texts, tables.positions.rows()));
  float* hidden = nullptr;
  uint8_t* quantized = nullptr;
  VECD_TRY(run.output(0, matrix_of(tokens, width), &hidden));
  VECD_TRY(run.output(1, matrix_of(tokens, width), &quantized));
  const LayerNorm norm{embedding.gamma.data(), embedding.beta.data(), embedding.epsilon, width};
  const Quantization quantization{embedding.multiplier.data(), static_cast<float>(embedding.zero_point)};
  const int64_t tasks = tasks_for(tokens * width, LEAST_TASK_VALUES, MOST_TASKS);
  return run.split(tokens, tasks, [&](int64_t begin, int64_t end) {
    int64_t text = texts.text_of(begin);
    for (int64_t row = begin; row < end; row++) {
      if (row == texts.starts[text + 1]) text++;
      const int64_t id = ids[row], position = row - texts.starts[text];
      embed_token(norm, quantization, tables.words.as<int8_t>() + id * width, tables.scales.as<float>()[id],
                  tables.positions.as<float>() + position * width, hidden + row * width,
                  quantized == nullptr ? nullptr : quantized + row * width);
    }
  });
}

}  // namespace

constexpr Signature EMBEDDING{
    "Embedding",
    8,
    {{"input_ids", ElementType::INT64},
     {"lengths", ElementType::INT64},
     {"words", ElementType::INT8},
     {"word_scales", ElementType::FLOAT},
     {"positions", ElementType::FLOAT},
     {"gamma", ElementType::FLOAT},
     {"beta", ElementType::FLOAT},
     {"multiplier", ElementType::FLOAT}},
    2,
    {{"hidden", ElementType::FLOAT}, {"quantized", ElementType::UINT8, Characteristic::OPTIONAL}},
    create,
    compute,
    destroy,
};

}  // namespace vecd
