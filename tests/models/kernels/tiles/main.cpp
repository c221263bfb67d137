// Compares the code for the processor's tiles with that for emulated ones, and linear layers with VPDPBUSD, bit by bit.
//
//   tiles
//
// On a processor without tiles each of their instructions traps (traps.h). Stops with 1 at the first difference.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "../../../../models/kernels/cpp/compute.h"
#include "../../../../models/kernels/cpp/processor.h"
#include "traps.h"

namespace vecd {

namespace {

std::mt19937 random_bits(1);

template <class T>
struct Memory {
  explicit Memory(int64_t size) : count(static_cast<size_t>(size)) { buffer.allocate(size); }
  T* data() { return buffer.data(); }
  size_t bytes() const { return count * sizeof(T); }
  void fill(float least, float most) {
    std::uniform_real_distribution<float> draw(least, most);
    for (size_t i = 0; i < count; i++) data()[i] = static_cast<T>(draw(random_bits));
  }
  size_t count;
  Buffer<T> buffer;
};

template <class T>
void expect_same(Memory<T>& left, Memory<T>& right, const char* what, int64_t rows, int64_t inner) {
  if (std::memcmp(left.data(), right.data(), left.bytes()) == 0) return;
  std::fprintf(stderr, "tiles: %s differs: %lld rows, %lld\n", what, static_cast<long long>(rows),
               static_cast<long long>(inner));
  std::exit(1);
}

void expect_released() {
  if (!are_tiles_configured()) return;
  std::fprintf(stderr, "tiles: still configured\n");
  std::exit(1);
}

struct Outputs {
  Memory<float> plain, hidden;
  Memory<uint8_t> wide, narrow;

  Outputs(int64_t rows, int64_t columns)
      : plain(rows * columns), hidden(rows * columns), wide(rows * columns), narrow(rows * columns) {}
};

void compare_linears(int64_t inner, int64_t columns, int64_t most_rows) {
  PackedLinear linear;
  Memory<int8_t> weights(inner * columns);
  weights.fill(-128, 127.9f);
  linear.pack(weights.data(), inner, columns, 131);
  linear.scales.allocate(columns);
  linear.bias.allocate(columns);
  Memory<float> factors(columns), residual(most_rows * columns);
  factors.fill(20, 60);
  residual.fill(-2, 2);
  for (int64_t i = 0; i < columns; i++) linear.scales[i] = 1e-4f * factors.data()[i] / 20, linear.bias[i] = 0.1f;
  Memory<uint8_t> x(most_rows * inner);
  x.fill(0, 255.9f);
  const Quantization quantization{factors.data(), 77};
  const LayerNorm norm{factors.data(), linear.bias.data(), 1e-5f, columns};
  const Linears vnni{linear_float, linear_gelu_quantize, linear_norm_quantize};
  for (int64_t rows : {7, 15, 16, 17, 31, 32, 33, 50, 64, 79, 100}) {
    if (rows > most_rows) break;
    Outputs outputs[3] = {{rows, columns}, {rows, columns}, {rows, columns}};
    const Linears* ways[] = {&vnni, &TILED_LINEARS, &EMULATED_LINEARS};
    const Range all{0, rows}, panels{0, linear.panels()};
    for (int i = 0; i < 3; i++) {
      Outputs& to = outputs[i];
      ways[i]->to_float(linear, x.data(), all, panels, to.plain.data());
      ways[i]->gelu_quantize(linear, quantization, x.data(), all, panels, to.wide.data());
      ways[i]->norm_quantize(linear, norm, quantization, x.data(), all, residual.data(), to.hidden.data(),
                             to.narrow.data());
      expect_released();
      expect_same(to.plain, outputs[0].plain, "the product", rows, inner);
      expect_same(to.wide, outputs[0].wide, "Gelu", rows, inner);
      expect_same(to.hidden, outputs[0].hidden, "the norm", rows, inner);
      expect_same(to.narrow, outputs[0].narrow, "the quantized norm", rows, inner);
    }
  }
}

void compare_attention(int64_t head_size, int64_t tokens, float scale) {
  const int64_t heads = 3, hidden = heads * head_size;
  Memory<float> qkv(tokens * 3 * hidden), multiplier(hidden);
  qkv.fill(-scale, scale);
  multiplier.fill(1000, 5000);
  Memory<float> scratch(tiled_attention_scratch(tokens, head_size));
  Memory<uint8_t> native(tokens * hidden), emulated(tokens * hidden);
  Head head{qkv.data(), tokens, hidden, head_size, {multiplier.data(), 128}, native.data()};
  attend_tiled(head, heads, scratch.data());
  expect_released();
  head.output = emulated.data();
  attend_tiled_emulated(head, heads, scratch.data());
  expect_same(native, emulated, "attention", tokens, head_size);
}

}  // namespace

}  // namespace vecd

int main() {
  using namespace vecd;
  if (*missing_features() != 0 || !has_bf16()) {
    std::printf("tiles: skipped: this processor lacks %s\n", has_bf16() ? missing_features() : "AVX-512 BF16");
    return 0;
  }
  catch_tile_instructions();
  compare_linears(64, 64, 100);
  compare_linears(384, 192, 100);
  compare_linears(832, 128, 100);
  for (int64_t head_size : {32, 64}) {
    for (int64_t tokens : {1, 15, 16, 17, 33, 47, 64, 100, 140}) compare_attention(head_size, tokens, 2);
    compare_attention(head_size, 40, 1e-19f);
    compare_attention(head_size, 40, 1e18f);
  }
  const char* how = trapped_instructions() > 0 ? "carried out one by one" : "the processor's own";
  std::printf("tiles: nothing differs, instructions %s: %ld\n", how, trapped_instructions());
  return 0;
}
