// What this processor is, and which instructions it has; asked before any code that uses them runs.
#pragma once

#include <cstdint>

namespace vecd {

// The names of the required features that are missing, separated by spaces; "" where the operators can run.
const char* missing_features();
bool has_bf16();
// AMX for bytes and for bfloat16, which the operating system lets this process use; asked for once, on the first call.
// Never under a sanitizer: it sees nothing of what tiles load.
bool has_tiles();
bool has_bf16_tiles();

// As CPUID gives them, the extended parts added in.
struct Processor {
  char vendor[13];
  uint32_t family, model;
};
Processor identify();

}  // namespace vecd
