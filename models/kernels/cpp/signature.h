// What an operator takes and gives, by name: read by registration and by every message about a bad input.
#pragma once

#include "abi.h"

namespace vecd {

class Setup;
class Run;

constexpr size_t MAX_INPUTS = 8, MAX_OUTPUTS = 2;

struct Port {
  const char* name;
  ElementType type;
  Characteristic characteristic = Characteristic::REQUIRED;
};

struct Signature {
  const char* name;
  size_t input_count;
  Port inputs[MAX_INPUTS];
  size_t output_count;
  Port outputs[MAX_OUTPUTS];
  Status* (*create)(const Setup&, void** kernel);
  Status* (*compute)(const void* kernel, const Run&);
  void (*destroy)(void* kernel);
};

extern const Signature EMBEDDING, LINEAR_FLOAT, LINEAR_GELU_QUANTIZE, LINEAR_NORM_QUANTIZE, ATTENTION_QUANTIZE, POOL;

}  // namespace vecd
