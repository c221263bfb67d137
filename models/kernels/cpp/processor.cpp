#include "processor.h"

namespace vecd {

namespace {

struct Feature {
  const char* name;
  bool present;
};

// The processor's word and the operating system's: registers that it does not save are no use.
const char* list_missing() {
  __builtin_cpu_init();
  const Feature required[] = {
      {"avx512f", __builtin_cpu_supports("avx512f") != 0},   {"avx512bw", __builtin_cpu_supports("avx512bw") != 0},
      {"avx512dq", __builtin_cpu_supports("avx512dq") != 0}, {"avx512vl", __builtin_cpu_supports("avx512vl") != 0},
      {"avx512vnni", __builtin_cpu_supports("avx512vnni") != 0},
  };
  static char names[64];
  char* end = names;
  for (const Feature& feature : required) {
    if (feature.present) continue;
    if (end != names) *end++ = ' ';
    for (const char* letter = feature.name; *letter != 0; letter++) *end++ = *letter;
  }
  *end = 0;
  return names;
}

const char* const MISSING = list_missing();
const bool BF16 = *MISSING == 0 && __builtin_cpu_supports("avx512bf16") != 0;

}  // namespace

const char* missing_features() { return MISSING; }
bool has_bf16() { return BF16; }

}  // namespace vecd

extern "C" __attribute__((visibility("default"))) const char* vecd_kernels_missing() {
  return vecd::missing_features();
}

extern "C" __attribute__((visibility("default"))) int vecd_kernels_bf16() { return vecd::has_bf16() ? 1 : 0; }
