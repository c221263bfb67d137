// The instructions of AMX as one interface, and the processor's implementation of it.
//
// A tile is up to 16 rows of 64 bytes. Tiles 0 to 3 hold sums of 32 bits; 4 and 5 hold rows of a left matrix, bytes or
// pairs of bfloat16 along the inner dimension; 6 and 7 those of a right matrix, packed: a row is 16 columns of four
// bytes, or of one pair, that follow one another along the inner dimension. An object of the class is the time in which
// a thread's tiles are configured; it is made once a call and thread, since a thread with tiles costs every switch to
// another. Emulated (emulated_tiles.h) the same kernels run anywhere, and sanitizers see every byte that they load.
#pragma once

#include "../avx512/vector.h"

namespace vecd {

namespace {

constexpr int64_t TILE_BYTES = 64;  // of a row
constexpr int64_t MOST_TILE_ROWS = 16;

template <int Number>
struct Tile {};

constexpr Tile<0> SUM0{};
constexpr Tile<1> SUM1{};
constexpr Tile<2> SUM2{};
constexpr Tile<3> SUM3{};
constexpr Tile<4> LEFT0{};
constexpr Tile<5> LEFT1{};
constexpr Tile<6> RIGHT0{};
constexpr Tile<7> RIGHT1{};

// Intel's manual, volume 1, chapter "Programming with Intel AMX": what LDTILECFG loads, palette 1. Fewer rows than 16
// make sums and left matrices smaller, and their instructions quicker.
struct TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  explicit TileShapes(int64_t left_rows) {
    for (int i = 0; i < 8; i++) {
      row_bytes[i] = TILE_BYTES;
      rows[i] = static_cast<uint8_t>(i < 6 ? left_rows : MOST_TILE_ROWS);
    }
  }
};
static_assert(sizeof(TileShapes) == 64, "LDTILECFG loads 64 bytes");

// Written in bytes (Intel's manual, volume 2), so that any compiler and assembler will do, however old: VEX prefix,
// opcode, ModRM; addresses are RAX + RCX. Volatile keeps them in their order, the clobber of memory keeps stores and
// loads of others before and behind them. No compiler of C++ here uses tiles by itself.
class NativeTiles {
 public:
  explicit VECD_INLINE NativeTiles(int64_t left_rows) {
    const TileShapes shapes(left_rows);
    asm volatile(".byte 0xc4, 0xe2, 0x78, 0x49, 0x00  # ldtilecfg (%%rax)" : : "a"(&shapes) : "memory");
  }
  NativeTiles(const NativeTiles&) = delete;
  NativeTiles& operator=(const NativeTiles&) = delete;
  VECD_INLINE ~NativeTiles() { asm volatile(".byte 0xc4, 0xe2, 0x78, 0x49, 0xc0  # tilerelease" : : : "memory"); }

  template <int To>
  VECD_INLINE void zero(Tile<To>) {
    asm volatile(".byte 0xc4, 0xe2, 0x7b, 0x49, %c0  # tilezero" : : "i"(0xc0 | To << 3));
  }
  // Rows lie `stride` bytes apart; at 0 all are the same.
  template <int To>
  VECD_INLINE void load(Tile<To>, const void* from, int64_t stride) {
    asm volatile(".byte 0xc4, 0xe2, 0x7b, 0x4b, %c2, 0x08  # tileloadd (%%rax, %%rcx)"
                 :
                 : "a"(from), "c"(stride), "i"(0x04 | To << 3)
                 : "memory");
  }
  template <int From>
  VECD_INLINE void store(Tile<From>, void* to, int64_t stride) {
    asm volatile(".byte 0xc4, 0xe2, 0x7a, 0x4b, %c2, 0x08  # tilestored (%%rax, %%rcx)"
                 :
                 : "a"(to), "c"(stride), "i"(0x04 | From << 3)
                 : "memory");
  }
  // Adds the products of unsigned bytes on the left and signed ones on the right, exactly.
  template <int Sum, int Left, int Right>
  VECD_INLINE void multiply_bytes(Tile<Sum>, Tile<Left>, Tile<Right>) {
    asm volatile(".byte 0xc4, 0xe2, %c0, 0x5e, %c1  # tdpbusd"
                 :
                 : "i"(0x01 | (~Right & 15) << 3), "i"(0xc0 | Sum << 3 | Left));
  }
  // Adds the products of pairs of bfloat16 to floats.
  template <int Sum, int Left, int Right>
  VECD_INLINE void multiply_pairs(Tile<Sum>, Tile<Left>, Tile<Right>) {
    asm volatile(".byte 0xc4, 0xe2, %c0, 0x5c, %c1  # tdpbf16ps"
                 :
                 : "i"(0x02 | (~Right & 15) << 3), "i"(0xc0 | Sum << 3 | Left));
  }
};

}  // namespace

}  // namespace vecd
