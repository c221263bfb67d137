// A stand-in for ONNX Runtime: the functions that the operators call, over tensors that each have memory of their own,
// so that a sanitizer sees every byte read or written beside one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../../../models/kernels/cpp/abi.h"

namespace vecd {

struct Status {
  ErrorCode code;
  std::string message;
};

size_t element_bytes(ElementType type);

struct Value {
  ElementType type;
  std::vector<int64_t> dims;
  void* data;

  Value(ElementType type, std::vector<int64_t> dims);
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() { std::free(data); }

  size_t bytes() const;
  template <class T>
  T* as() {
    return static_cast<T*>(data);
  }
};

using ValuePointer = std::unique_ptr<Value>;

struct KernelInfo {
  std::map<std::string, int64_t> integers;
  std::map<std::string, float> floats;
  std::vector<Value*> constants;  // by input; null where an input is none
};

struct KernelContext {
  std::vector<Value*> inputs;
  std::vector<bool> wanted;  // by output
  std::vector<ValuePointer> outputs;
  bool backwards;  // steps of a parallel loop in the opposite order
};

// What registering the library for a session of these entries gives: the operators by name.
std::map<std::string, const CustomOp*> register_operators(const std::string& attention, const std::string& products);
// The function table that a kernel is made with.
const void* fake_api();

}  // namespace vecd
