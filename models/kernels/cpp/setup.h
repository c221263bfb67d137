// What a kernel is made from: the attributes and the constant inputs of its node, and how its session computes.
#pragma once

#include "arithmetic.h"
#include "buffer.h"
#include "products.h"
#include "tensor.h"

namespace vecd {

struct Ways {
  Arithmetic arithmetic;
  Products products;
};

class Setup : public Failures {
 public:
  Setup(const Api& api, const Signature& signature, const KernelInfo* info, const Ways& ways)
      : Failures(api, signature), info_(info), ways_(ways) {}

  // The session's.
  Ways ways() const { return ways_; }

  // Fails unless the attribute is there and within [least, most].
  Status* integer(const char* name, int64_t least, int64_t most, int64_t* value) const;
  // Fails unless the attribute epsilon is there, finite and not negative.
  Status* epsilon(float* value) const;
  // Fails unless the graph gives the input as a constant of this shape.
  Status* constant(size_t index, const Shape& expected, Tensor* tensor) const;
  // The same for a vector of floats, copied.
  Status* constant(size_t index, int64_t length, Buffer<float>* values) const;

 private:
  const KernelInfo* info_;
  Ways ways_;
};

}  // namespace vecd
