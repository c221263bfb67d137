#include "traps.h"

#include <immintrin.h>
#include <signal.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../../../models/kernels/cpp/processor.h"

namespace vecd {

namespace {

struct State {
  bool configured = false;
  uint16_t row_bytes[8] = {};
  uint8_t rows[8] = {};
  union {
    uint8_t bytes[64];
    int32_t sums[16];
    float floats[16];
  } tiles[8][16] = {};
  long count = 0;
};

State state;  // of the one thread that runs

[[noreturn]] void refuse(const char* why) {
  std::fprintf(stderr, "tiles: %s\n", why);
  std::_Exit(3);
}

float from_bfloat16(const uint8_t* bytes) {
  const uint32_t bits = static_cast<uint32_t>(bytes[0] | bytes[1] << 8) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void configure(const uint8_t* from) {
  state.configured = true;
  if (from[0] != 1 || from[1] != 0) refuse("no palette 1 from its first row");
  for (int i = 2; i < 16; i++) {
    if (from[i] != 0) refuse("a reserved byte is not 0");
  }
  for (int i = 0; i < 16; i++) {
    uint16_t row_bytes;
    std::memcpy(&row_bytes, from + 16 + 2 * i, sizeof row_bytes);
    const uint8_t rows = from[48 + i];
    if (i >= 8 ? row_bytes + rows != 0 : row_bytes > 64 || rows > 16) refuse("a tile that there is not");
    if (i < 8) state.row_bytes[i] = row_bytes, state.rows[i] = rows;
  }
  std::memset(state.tiles, 0, sizeof state.tiles);
}

void zero(int tile) { std::memset(state.tiles[tile], 0, sizeof state.tiles[tile]); }

void load(int tile, const uint8_t* from, int64_t stride) {
  zero(tile);
  for (int row = 0; row < state.rows[tile]; row++) {
    std::memcpy(state.tiles[tile][row].bytes, from + row * stride, state.row_bytes[tile]);
  }
}

void store(int tile, uint8_t* to, int64_t stride) {
  for (int row = 0; row < state.rows[tile]; row++) {
    std::memcpy(to + row * stride, state.tiles[tile][row].bytes, state.row_bytes[tile]);
  }
}

void check(int sum, int left, int right) {
  if (sum == left || sum == right || left == right) refuse("a product of a tile with itself");
  if (state.row_bytes[sum] != state.row_bytes[right] || state.rows[sum] != state.rows[left] ||
      state.row_bytes[left] != 4 * state.rows[right]) {
    refuse("shapes that do not fit");
  }
}

void multiply_bytes(int sum, int left, int right) {
  check(sum, left, right);
  for (int m = 0; m < state.rows[sum]; m++) {
    for (int n = 0; n < state.row_bytes[sum] / 4; n++) {
      auto total = static_cast<uint32_t>(state.tiles[sum][m].sums[n]);
      for (int k = 0; k < state.row_bytes[left]; k++) {
        const int a = state.tiles[left][m].bytes[k];
        const int b = static_cast<int8_t>(state.tiles[right][k / 4].bytes[4 * n + k % 4]);
        total += static_cast<uint32_t>(a * b);
      }
      state.tiles[sum][m].sums[n] = static_cast<int32_t>(total);
    }
  }
}

void multiply_pairs(int sum, int left, int right) {
  check(sum, left, right);
  for (int m = 0; m < state.rows[sum]; m++) {
    for (int n = 0; n < state.row_bytes[sum] / 4; n++) {
      float even = 0, odd = 0;
      for (int k = 0; k < state.row_bytes[left] / 4; k++) {
        const uint8_t *a = state.tiles[left][m].bytes + 4 * k, *b = state.tiles[right][k].bytes + 4 * n;
        even = std::fma(from_bfloat16(a), from_bfloat16(b), even);
        odd = std::fma(from_bfloat16(a + 2), from_bfloat16(b + 2), odd);
      }
      state.tiles[sum][m].floats[n] += even + odd;
    }
  }
}

// VEX of three bytes, map 2, W 0, 128 bits; ModRM of three registers, or of a register and an address in base and index.
void carry_out(greg_t* registers) {
  static const int ORDER[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
  const auto* code = reinterpret_cast<const uint8_t*>(registers[REG_RIP]);
  constexpr int W_AND_LENGTH = 0x84;
  if (code[0] != 0xc4 || code[1] != 0xe2 || (code[2] & W_AND_LENGTH) != 0) refuse("an illegal instruction of another kind");
  const int prefix = code[2] & 3, third = ~code[2] >> 3 & 15, opcode = code[3], modrm = code[4];
  const int mode = modrm >> 6, reg = modrm >> 3 & 7, rm = modrm & 7;
  const bool sib = mode == 0 && rm == 4;
  const auto base = static_cast<uint64_t>(registers[ORDER[sib ? code[5] & 7 : rm]]);
  const int64_t index = sib ? registers[ORDER[code[5] >> 3 & 7]] << (code[5] >> 6) : 0;
  enum { NONE, P66, PF3, PF2 };
  const bool configures = opcode == 0x49 && prefix == NONE;
  if (!configures && !state.configured) refuse("a tile before its configuration");
  if (configures && mode == 0) configure(reinterpret_cast<const uint8_t*>(base));
  else if (configures && modrm == 0xc0) state.configured = false;
  else if (opcode == 0x49 && prefix == PF2 && mode == 3 && rm == 0) zero(reg);
  else if (opcode == 0x4b && prefix == PF2 && sib) load(reg, reinterpret_cast<const uint8_t*>(base), index);
  else if (opcode == 0x4b && prefix == PF3 && sib) store(reg, reinterpret_cast<uint8_t*>(base), index);
  else if (opcode == 0x5e && prefix == P66 && mode == 3) multiply_bytes(reg, rm, third);
  else if (opcode == 0x5c && prefix == PF3 && mode == 3) multiply_pairs(reg, rm, third);
  else refuse("an instruction of another kind");
  state.count++;
  registers[REG_RIP] += sib ? 6 : 5;
}

void handle(int, siginfo_t*, void* context) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(0x9fc0);  // not-normal numbers are zero, round to nearest, no exceptions
  carry_out(static_cast<ucontext_t*>(context)->uc_mcontext.gregs);
  _mm_setcsr(before);
}

}  // namespace

void catch_tile_instructions() {
  if (has_bf16_tiles()) return;
  struct sigaction action = {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGILL, &action, nullptr) != 0) std::abort();
}

long trapped_instructions() { return state.count; }
bool are_tiles_configured() { return state.configured; }

}  // namespace vecd
