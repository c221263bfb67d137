// A tensor of ONNX Runtime as a pointer and a shape, after its type and shape were checked.
#pragma once

#include "api.h"
#include "signature.h"

namespace vecd {

constexpr size_t MAX_RANK = 2;
constexpr int64_t ANY = -1;

struct Shape {
  size_t rank;
  int64_t dims[MAX_RANK];
};

inline Shape vector_of(int64_t length) { return {1, {length, 0}}; }
inline Shape matrix_of(int64_t rows, int64_t columns) { return {2, {rows, columns}}; }

struct Tensor {
  const void* data = nullptr;
  Shape shape = {};

  int64_t rows() const { return shape.dims[0]; }
  int64_t columns() const { return shape.dims[1]; }
  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
};

// Messages begin with the operator's name: "vecd.Pool: input hidden ...".
class Failures {
 public:
  Failures(const Api& api, const Signature& signature) : api_(api), signature_(signature) {}

  __attribute__((format(printf, 2, 3))) Status* invalid(const char* format, ...) const;
  Status* out_of_memory() const;

 protected:
  // Reads a value that ONNX Runtime handed out for `port`; fails unless type and shape are as expected (ANY fits all).
  Status* read(const Value* value, const Port& port, const Shape& expected, Tensor* tensor) const;

  Api api_;
  const Signature& signature_;

 private:
  Status* read_shape(const ShapeInfo* info, const Port& port, const Shape& expected, Shape* shape) const;
};

}  // namespace vecd
