#include "processor.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// Registers that the operating system does not save between threads are no use: XCR0 names those that it does.
uint32_t list_saved_registers() {
  if (!has(ask(1, 0).ecx, 27)) return 0;  // OSXSAVE: XGETBV may be asked
  uint32_t low, high;
  // Volatile, or it might be asked before the line above has answered.
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

const uint32_t SAVED_REGISTERS = list_saved_registers();

bool are_saved(uint32_t registers) { return (SAVED_REGISTERS & registers) == registers; }

constexpr uint32_t SSE_AVX_AND_AVX512 = 0b11100110, TILES = 0b11 << 17;

// Places of the bits: Intel's manual, volume 2, CPUID, leaf 7.
const char* list_missing() {
  const bool saved = are_saved(SSE_AVX_AND_AVX512);
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

// Linux grows the memory in which it saves a thread's registers only for a process that has asked: arch_prctl(2).
bool may_use_tiles() {
#if defined(__SANITIZE_ADDRESS__)
  return false;
#else
  constexpr long REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;
  constexpr int AMX_TILE = 24, AMX_INT8 = 25;
  const Registers answer = ask(7, 0);
  const bool there = *MISSING == 0 && has(answer.edx, AMX_TILE) && has(answer.edx, AMX_INT8) && are_saved(TILES);
  return there && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#endif
}

}  // namespace

const char* missing_features() { return MISSING; }
bool has_bf16() { return BF16; }

bool has_tiles() {
  static const bool may = may_use_tiles();
  return may;
}

bool has_bf16_tiles() {
  constexpr int AMX_BF16 = 22;
  static const bool may = has_tiles() && BF16 && has(ask(7, 0).edx, AMX_BF16);  // CPUID takes microseconds
  return may;
}

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
