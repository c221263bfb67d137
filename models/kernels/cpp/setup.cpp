#include "setup.h"

#include <cinttypes>
#include <cmath>
#include <cstring>

namespace vecd {

Status* Setup::integer(const char* name, int64_t least, int64_t most, int64_t* value) const {
  if (Status* absent = api_.attribute(info_, name, value)) {
    api_.release_status(absent);
    return invalid("attribute %s is missing, or no integer", name);
  }
  if (*value >= least && *value <= most) return nullptr;
  return invalid("attribute %s is %" PRId64 ", allowed is %" PRId64 " to %" PRId64, name, *value, least, most);
}

Status* Setup::epsilon(float* value) const {
  if (Status* absent = api_.attribute(info_, "epsilon", value)) {
    api_.release_status(absent);
    return invalid("attribute epsilon is missing, or no float");
  }
  if (std::isfinite(*value) && *value >= 0) return nullptr;
  return invalid("attribute epsilon is %g, expected a finite number that is not negative", static_cast<double>(*value));
}

Status* Setup::constant(size_t index, const Shape& expected, Tensor* tensor) const {
  const Port& port = signature_.inputs[index];
  int is_constant = 0;
  const Value* value = nullptr;
  VECD_TRY(api_.constant_input(info_, index, &is_constant, &value));
  if (is_constant == 0 || value == nullptr) return invalid("input %s is no constant of the graph", port.name);
  return read(value, port, expected, tensor);
}

Status* Setup::constant(size_t index, int64_t length, Buffer<float>* values) const {
  Tensor tensor;
  VECD_TRY(constant(index, vector_of(length), &tensor));
  if (!values->allocate(length)) return out_of_memory();
  std::memcpy(values->data(), tensor.data, static_cast<size_t>(length) * sizeof(float));
  return nullptr;
}

}  // namespace vecd
