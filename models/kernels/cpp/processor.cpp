#include "processor.h"

#include <cpuid.h>

#include <cstring>

namespace vecd {

namespace {

struct Feature {
  const char* name;
  bool present;
};

struct Registers {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// All zeros where the processor does not know the question.
Registers ask(uint32_t leaf, uint32_t subleaf) {
  Registers answer;
  __get_cpuid_count(leaf, subleaf, &answer.eax, &answer.ebx, &answer.ecx, &answer.edx);
  return answer;
}

bool has(uint32_t bits, int bit) { return (bits >> bit & 1) != 0; }

// Registers that the operating system does not save between threads are no use: XCR0 must name all of AVX-512's.
bool are_registers_saved() {
  if (!has(ask(1, 0).ecx, 27)) return false;  // OSXSAVE: XGETBV may be asked
  uint32_t low, high;
  // Volatile, or it might be asked before the line above has answered.
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr uint32_t SSE_AVX_AND_AVX512 = 0b11100110;
  return (low & SSE_AVX_AND_AVX512) == SSE_AVX_AND_AVX512;
}

// Places of the bits: Intel's manual, volume 2, CPUID, leaf 7.
const char* list_missing() {
  const bool saved = are_registers_saved();
  const Registers answer = ask(7, 0);
  const Feature required[] = {
      {"avx512f", saved && has(answer.ebx, 16)},  {"avx512bw", saved && has(answer.ebx, 30)},
      {"avx512dq", saved && has(answer.ebx, 17)}, {"avx512vl", saved && has(answer.ebx, 31)},
      {"avx512vnni", saved && has(answer.ecx, 11)},
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
const bool BF16 = *MISSING == 0 && has(ask(7, 1).eax, 5);

}  // namespace

const char* missing_features() { return MISSING; }
bool has_bf16() { return BF16; }

// Intel's manual, volume 2, CPUID, leaves 0 and 1.
Processor identify() {
  const Registers name = ask(0, 0), version = ask(1, 0);
  const uint32_t family = version.eax >> 8 & 15, model = version.eax >> 4 & 15;
  const bool extended = family == 6 || family == 15;
  Processor processor = {};
  std::memcpy(processor.vendor, &name.ebx, 4);
  std::memcpy(processor.vendor + 4, &name.edx, 4);
  std::memcpy(processor.vendor + 8, &name.ecx, 4);
  processor.family = family == 15 ? family + (version.eax >> 20 & 255) : family;
  processor.model = extended ? (version.eax >> 16 & 15) << 4 | model : model;
  return processor;
}

}  // namespace vecd

extern "C" __attribute__((visibility("default"))) const char* vecd_kernels_missing() {
  return vecd::missing_features();
}
