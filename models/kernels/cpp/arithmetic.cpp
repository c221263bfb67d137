#include "arithmetic.h"

#include <cstring>

#include "processor.h"

namespace vecd {

const char* const ARITHMETIC_NAMES[ARITHMETICS] = {"f32", "bf16", "bf16-emulated", "tiles", "tiles-emulated"};

namespace {

struct Measured {
  const char* vendor;
  uint32_t family, first_model, last_model;
  Arithmetic quick;
};

// The time of a layer's attention, as a share of that in float, one core, best of many:
//                                             8 x 64 tokens    8 x 128    2 x 256
//   Zen 4 (25, model 17), VDPBF16PS                    0.65       0.64       0.63
//   Emerald Rapids (6, model 207), VDPBF16PS           1.50       1.62       1.67
//   Emerald Rapids, tiles of AMX (a prototype)         0.59       0.58       0.50
// All of AMD's family 25 that have AVX512_BF16 are Zen 4. Taken to be as these, not measured: Zen 5 (26) as Zen 4;
// Sapphire Rapids (143) and Granite Rapids (173, 174) as Emerald Rapids.
constexpr Measured MEASURED[] = {
    {"AuthenticAMD", 25, 0, 255, Arithmetic::BF16},
    {"AuthenticAMD", 26, 0, 255, Arithmetic::BF16},
    {"GenuineIntel", 6, 143, 143, Arithmetic::TILES},
    {"GenuineIntel", 6, 173, 174, Arithmetic::TILES},
    {"GenuineIntel", 6, 207, 207, Arithmetic::TILES},
};

Arithmetic quick_here() {
  const Processor processor = identify();
  const Arithmetic quick = quick_arithmetic(processor.vendor, processor.family, processor.model);
  const bool there = quick == Arithmetic::BF16 ? has_bf16() : quick != Arithmetic::TILES || has_bf16_tiles();
  return there ? quick : Arithmetic::F32;
}

}  // namespace

bool find_arithmetic(const char* name, Arithmetic* found) {
  for (int i = 0; i < ARITHMETICS; i++) {
    if (std::strcmp(name, ARITHMETIC_NAMES[i]) != 0) continue;
    *found = static_cast<Arithmetic>(i);
    return true;
  }
  return false;
}

Arithmetic quick_arithmetic(const char* vendor, uint32_t family, uint32_t model) {
  for (const Measured& one : MEASURED) {
    const bool same = std::strcmp(vendor, one.vendor) == 0 && family == one.family;
    if (same && model >= one.first_model && model <= one.last_model) return one.quick;
  }
  return Arithmetic::F32;
}

Arithmetic quick_arithmetic() {
  static const Arithmetic quick = quick_here();
  return quick;
}

}  // namespace vecd

extern "C" __attribute__((visibility("default"))) const char* vecd_kernels_attention() {
  return vecd::ARITHMETIC_NAMES[static_cast<int>(vecd::quick_arithmetic())];
}

extern "C" __attribute__((visibility("default"))) const char* vecd_kernels_attention_of(const char* vendor,
                                                                                          uint32_t family,
                                                                                          uint32_t model) {
  return vecd::ARITHMETIC_NAMES[static_cast<int>(vecd::quick_arithmetic(vendor, family, model))];
}
