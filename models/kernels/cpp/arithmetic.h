// In which numbers attention takes its dot products, and in which ones this processor is quick.
#pragma once

#include <cstdint>

namespace vecd {

// Of texts of at least bf16_from_tokens tokens; shorter ones are always F32. BF16 gives the bits of BF16_EMULATED, which
// needs no AVX512_BF16 and is slow; TILES, in bfloat16 too but with other sums, those of TILES_EMULATED.
enum class Arithmetic : int { F32, BF16, BF16_EMULATED, TILES, TILES_EMULATED };

constexpr int ARITHMETICS = 5;
extern const char* const ARITHMETIC_NAMES[ARITHMETICS];

// Gives false where there is none of this name.
bool find_arithmetic(const char* name, Arithmetic* found);

// What a table of measurements says of a processor, by its vendor, family and model as CPUID gives them: no clock is
// asked, so that every start on one machine gives the same bits. F32 where nothing was measured.
Arithmetic quick_arithmetic(const char* vendor, uint32_t family, uint32_t model);
// The same of this processor; F32 where it lacks the instructions.
Arithmetic quick_arithmetic();

}  // namespace vecd
