// What this processor is, and which instructions it has; asked before any code that uses them runs.
#pragma once

#include <cstdint>

namespace vecd {

// The names of the required features that are missing, separated by spaces; "" where the operators can run.
const char* missing_features();
bool has_bf16();

// As CPUID gives them, the extended parts added in.
struct Processor {
  char vendor[13];
  uint32_t family, model;
};
Processor identify();

}  // namespace vecd
