// The arithmetic, compiled with AVX-512, some of it with tiles too, and called only where the processor has them.
//
// In: pointers and shapes that the operators have checked. Out: memory of the caller's, written. Promised: a row's
// result depends on that row (in attention, on its text) alone, whatever range it is computed in.
#pragma once

#include <cstdint>

#include "packed.h"

namespace vecd {

constexpr int64_t HIDDEN_STEP = 64, MOST_HIDDEN = 4096;  // widths of rows that are embedded, normalized, pooled

struct Range {
  int64_t begin, end;
};

// How a channel becomes uint8: round half to even of x * multiplier + zero_point, within 0 to 255; NaN becomes 0.
struct Quantization {
  const float* multiplier;
  float zero_point;
};

struct LayerNorm {
  const float *gamma, *beta;
  float epsilon;
  int64_t width;
};

// Rows of `activations` (rows, inner) times panels of the weights, into `output` (rows, columns).
void linear_float(const PackedLinear& linear, const uint8_t* activations, Range rows, Range panels, float* output);
void linear_gelu_quantize(const PackedLinear& linear, const Quantization& quantization, const uint8_t* activations,
                          Range rows, Range panels, uint8_t* output);

// Whole rows: product, plus residual, normalized into `hidden`; and quantized, unless `quantized` is null.
void linear_norm_quantize(const PackedLinear& linear, const LayerNorm& norm, const Quantization& quantization,
                          const uint8_t* activations, Range rows, const float* residual, float* hidden,
                          uint8_t* quantized);

// The three of them in one way to compute products; all ways give the same bits. On tiles, `rows` are at least one.
struct Linears {
  decltype(&linear_float) to_float;
  decltype(&linear_gelu_quantize) gelu_quantize;
  decltype(&linear_norm_quantize) norm_quantize;
};
extern const Linears TILED_LINEARS, EMULATED_LINEARS;

// One token: its int8 word times the word's scale, plus its position, normalized and quantized as above.
void embed_token(const LayerNorm& norm, const Quantization& quantization, const int8_t* word, float word_scale,
                 const float* position, float* hidden, uint8_t* quantized);

// One text of `tokens` rows: sums in the order of the rows. Either output may be null.
void pool_mean(const float* hidden, int64_t tokens, int64_t width, float* pooled);
void normalize_l2(const float* row, int64_t width, float* normalized);

// Attention of one head of one text. `qkv` is its query in the first row; rows are `stride` floats apart, key and value
// `hidden` and 2 * `hidden` floats behind the query. Writes head_size bytes a row of `output`, rows `hidden` apart.
struct Head {
  const float* qkv;
  int64_t tokens, hidden, head_size;
  Quantization quantization;
  uint8_t* output;
};

// Floats of memory, on a cache-line border, that each way to attend writes to.
int64_t attention_scratch(int64_t tokens, int64_t head_size);
void attend(const Head& head, float* scratch);
void attend_bf16(const Head& head, float* scratch);  // dot products in bfloat16, sums and softmax in float
void attend_bf16_emulated(const Head& head, float* scratch);  // the same bits without AVX512_BF16, slower

// Heads side by side, the first one given, on tiles: dot products in bfloat16, other sums than attend_bf16's. The
// memory that they write to is more.
int64_t tiled_attention_scratch(int64_t tokens, int64_t head_size);
void attend_tiled(const Head& first, int64_t heads, float* scratch);
void attend_tiled_emulated(const Head& first, int64_t heads, float* scratch);  // the same bits without AMX, slower

}  // namespace vecd
