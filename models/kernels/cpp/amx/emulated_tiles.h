// What AMX does, over 8 KiB of memory: Intel's manual, volume 2, TDPBUSD and TDPBF16PS.
#pragma once

#include "tiles.h"

namespace vecd {

namespace {

// Not-normal numbers count as zero and become it, as the tiles' own rounding has it whatever MXCSR says. The clobbers
// keep arithmetic, which comes from memory and goes there, between them.
class FlushedToZero {
 public:
  FlushedToZero() {
    _mm_setcsr(NEAREST_AND_FLUSHED);
    asm volatile("" : : : "memory");
  }
  FlushedToZero(const FlushedToZero&) = delete;
  FlushedToZero& operator=(const FlushedToZero&) = delete;
  ~FlushedToZero() {
    asm volatile("" : : : "memory");
    _mm_setcsr(before_);
  }

 private:
  static constexpr unsigned NEAREST_AND_FLUSHED = 0x9fc0;  // FTZ and DAZ, every exception masked
  const unsigned before_ = _mm_getcsr();
};

class EmulatedTiles {
 public:
  explicit EmulatedTiles(int64_t left_rows) : shapes_(left_rows) {}
  EmulatedTiles(const EmulatedTiles&) = delete;
  EmulatedTiles& operator=(const EmulatedTiles&) = delete;

  template <int To>
  void zero(Tile<To>) {
    __builtin_memset(tiles_[To], 0, sizeof tiles_[To]);
  }
  template <int To>
  void load(Tile<To> tile, const void* from, int64_t stride) {
    zero(tile);
    for (int64_t row = 0; row < shapes_.rows[To]; row++) {
      __builtin_memcpy(tiles_[To][row], static_cast<const char*>(from) + row * stride, TILE_BYTES);
    }
  }
  template <int From>
  void store(Tile<From>, void* to, int64_t stride) const {
    for (int64_t row = 0; row < shapes_.rows[From]; row++) {
      __builtin_memcpy(static_cast<char*>(to) + row * stride, tiles_[From][row], TILE_BYTES);
    }
  }
  template <int Sum, int Left, int Right>
  void multiply_bytes(Tile<Sum>, Tile<Left>, Tile<Right>) {
    check<Sum, Left, Right>();
    for (int64_t row = 0; row < shapes_.rows[Sum]; row++) {
      Ints sums = _mm512_load_si512(tiles_[Sum][row]);
      for (int64_t k = 0; k < LANES; k++) {
        sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi32(tiles_[Left][row][k]), _mm512_load_si512(tiles_[Right][k]));
      }
      _mm512_store_si512(tiles_[Sum][row], sums);
    }
  }
  // The first values of all pairs are summed, and the second ones, each with one rounding a product; then the two sums
  // to each other, and that to what was there.
  template <int Sum, int Left, int Right>
  void multiply_pairs(Tile<Sum>, Tile<Left>, Tile<Right>) {
    check<Sum, Left, Right>();
    const FlushedToZero flushed;
    for (int64_t row = 0; row < shapes_.rows[Sum]; row++) {
      Floats firsts = repeat(0), seconds = repeat(0);
      for (int64_t k = 0; k < LANES; k++) {
        const Ints left = _mm512_set1_epi32(tiles_[Left][row][k]), right = _mm512_load_si512(tiles_[Right][k]);
        firsts = _mm512_fmadd_ps(first(left), first(right), firsts);
        seconds = _mm512_fmadd_ps(second(left), second(right), seconds);
      }
      const Floats before = _mm512_castsi512_ps(_mm512_load_si512(tiles_[Sum][row]));
      const Floats sums = _mm512_add_ps(before, _mm512_add_ps(firsts, seconds));
      _mm512_store_si512(tiles_[Sum][row], _mm512_castps_si512(sums));
    }
  }

 private:
  static Floats first(Ints pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
  static Floats second(Ints pairs) {
    return _mm512_castsi512_ps(_mm512_and_epi32(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
  }
  // What the processor answers with an exception.
  template <int Sum, int Left, int Right>
  void check() const {
    static_assert(Sum != Left && Sum != Right && Left != Right, "three tiles");
    if (shapes_.rows[Sum] != shapes_.rows[Left] || shapes_.rows[Right] != TILE_BYTES / 4) __builtin_trap();
  }

  alignas(64) int32_t tiles_[8][MOST_TILE_ROWS][LANES] = {};
  const TileShapes shapes_;
};

}  // namespace

}  // namespace vecd
