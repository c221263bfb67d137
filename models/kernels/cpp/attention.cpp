// AttentionQuantize: softmax attention of every head within each text of a ragged run, quantized.

#include <atomic>
#include <cinttypes>
#include <new>

#include "compute.h"
#include "processor.h"
#include "lengths.h"
#include "run.h"
#include "setup.h"

namespace vecd {

namespace {

enum Input : size_t { QKV, LENGTHS, MULTIPLIER };

constexpr int64_t MOST_HEADS = 256;
constexpr int64_t LEAST_TASK_PRODUCTS = 1 << 20, MOST_TASKS = 64;  // 1 Mi multiplications take one core 20 to 40 µs

struct Attention {
  Buffer<float> multiplier;
  int64_t heads = 0, hidden = 0, head_size = 0, zero_point = 0, bf16_from_tokens = 0;
  Arithmetic arithmetic = Arithmetic::F32;
};

Status* load(const Setup& setup, Attention* attention) {
  VECD_TRY(setup.integer("num_heads", 1, MOST_HEADS, &attention->heads));
  VECD_TRY(setup.integer("zero_point", 0, 255, &attention->zero_point));
  VECD_TRY(setup.integer("bf16_from_tokens", 0, INT64_MAX, &attention->bf16_from_tokens));
  attention->arithmetic = setup.ways().arithmetic;
  Tensor multiplier;
  VECD_TRY(setup.constant(MULTIPLIER, vector_of(ANY), &multiplier));
  attention->hidden = multiplier.rows();
  if (attention->hidden < HIDDEN_STEP || attention->hidden > MOST_HIDDEN || attention->hidden % HIDDEN_STEP != 0) {
    return setup.invalid("input multiplier has %" PRId64 " values, expected a multiple of %" PRId64 " up to %" PRId64,
                         attention->hidden, HIDDEN_STEP, MOST_HIDDEN);
  }
  attention->head_size = attention->hidden / attention->heads;
  const bool even = attention->head_size * attention->heads == attention->hidden;
  if (!even || (attention->head_size != 32 && attention->head_size != 64)) {
    return setup.invalid("input multiplier has %" PRId64 " values for %" PRId64
                         " heads, expected 32 or 64 for each head",
                         attention->hidden, attention->heads);
  }
  return setup.constant(MULTIPLIER, attention->hidden, &attention->multiplier);
}

Status* create(const Setup& setup, void** kernel) {
  auto* attention = new (std::nothrow) Attention;
  if (attention == nullptr) return setup.out_of_memory();
  if (Status* failure = load(setup, attention)) {
    delete attention;
    return failure;
  }
  *kernel = attention;
  return nullptr;
}

void destroy(void* kernel) { delete static_cast<Attention*>(kernel); }

int64_t longest(const Texts& texts) {
  int64_t most = 0;
  for (int64_t i = 0; i < texts.count; i++) most = texts.length(i) > most ? texts.length(i) : most;
  return most;
}

// Multiplications of one head of a text.
int64_t head_cost(const Attention& attention, int64_t tokens) { return 2 * tokens * tokens * attention.head_size; }

int64_t total_cost(const Attention& attention, const Texts& texts) {
  int64_t cost = 0;
  for (int64_t i = 0; i < texts.count; i++) cost += attention.heads * head_cost(attention, texts.length(i));
  return cost;
}

// The first unit, counted text by text and head by head, at which as much work or more lies behind.
int64_t unit_after(const Attention& attention, const Texts& texts, int64_t cost) {
  for (int64_t i = 0; i < texts.count; i++) {
    const int64_t head = head_cost(attention, texts.length(i)), text = attention.heads * head;
    if (cost <= text) return i * attention.heads + (cost + head - 1) / head;
    cost -= text;
  }
  return texts.count * attention.heads;
}

bool is_tiled(const Attention& attention) {
  return attention.arithmetic == Arithmetic::TILES || attention.arithmetic == Arithmetic::TILES_EMULATED;
}

int64_t scratch_size(const Attention& attention, int64_t tokens) {
  const int64_t floats = attention_scratch(tokens, attention.head_size);
  if (!is_tiled(attention)) return floats;
  const int64_t tiled = tiled_attention_scratch(tokens, attention.head_size);
  return tiled > floats ? tiled : floats;
}

void attend_heads(const Attention& attention, Head head, int64_t heads, float* scratch) {
  const bool is_long = attention.bf16_from_tokens > 0 && head.tokens >= attention.bf16_from_tokens;
  if (is_long && is_tiled(attention)) {
    const bool native = attention.arithmetic == Arithmetic::TILES && has_bf16_tiles();
    return native ? attend_tiled(head, heads, scratch) : attend_tiled_emulated(head, heads, scratch);
  }
  const bool native = attention.arithmetic == Arithmetic::BF16 && has_bf16();
  const auto attend_one = !is_long || attention.arithmetic == Arithmetic::F32 ? attend
                          : native                                            ? attend_bf16
                                                                              : attend_bf16_emulated;
  for (; heads > 0; heads--) {
    attend_one(head, scratch);
    head.qkv += head.head_size;
    head.output += head.head_size;
    head.quantization.multiplier += head.head_size;
  }
}

void attend_texts(const Attention& attention, const Texts& texts, Range units, const float* qkv, float* scratch,
                  uint8_t* output) {
  for (int64_t unit = units.begin; unit < units.end;) {
    const int64_t text = unit / attention.heads, first = unit % attention.heads, column = first * attention.head_size;
    const int64_t start = texts.starts[text], tokens = texts.length(text);
    const int64_t left = units.end - unit, of_text = attention.heads - first, heads = left < of_text ? left : of_text;
    const Quantization quantization{attention.multiplier.data() + column, static_cast<float>(attention.zero_point)};
    const Head head{qkv + start * 3 * attention.hidden + column, tokens, attention.hidden, attention.head_size,
                    quantization, output + start * attention.hidden + column};
    attend_heads(attention, head, heads, scratch);
    unit += heads;
  }
}

Status* compute(const void* kernel, const Run& run) {
  const auto& attention = *static_cast<const Attention*>(kernel);
  Tensor qkv;
  Texts texts;
  VECD_TRY(run.input(QKV, matrix_of(ANY, 3 * attention.hidden), &qkv));
  VECD_TRY(read_lengths(run, LENGTHS, qkv.rows(), &texts));
  uint8_t* output = nullptr;
  VECD_TRY(run.output(0, matrix_of(qkv.rows(), attention.hidden), &output));
  const int64_t floats = scratch_size(attention, longest(texts));
  const int64_t cost = total_cost(attention, texts);
  std::atomic<bool> enough{true};
  VECD_TRY(run.split(cost, tasks_for(cost, LEAST_TASK_PRODUCTS, MOST_TASKS), [&](int64_t begin, int64_t end) {
    const Range units{unit_after(attention, texts, begin), unit_after(attention, texts, end)};
    Buffer<float> scratch;
    if (!scratch.allocate(floats)) {
      enough = false;
      return;
    }
    attend_texts(attention, texts, units, qkv.as<float>(), scratch.data(), output);
  }));
  return enough ? nullptr : run.out_of_memory();
}

}  // namespace

constexpr Signature ATTENTION_QUANTIZE{
    "AttentionQuantize",
    3,
    {{"qkv", ElementType::FLOAT}, {"lengths", ElementType::INT64}, {"multiplier", ElementType::FLOAT}},
    1,
    {{"quantized", ElementType::UINT8}},
    create,
    compute,
    destroy,
};

}  // namespace vecd
