#include "run.h"

namespace vecd {

Status* Run::input(size_t index, const Shape& expected, Tensor* tensor) const {
  const Value* value = nullptr;
  VECD_TRY(api_.input(context_, index, &value));
  return read(value, signature_.inputs[index], expected, tensor);
}

Status* Run::output_memory(size_t index, const Shape& shape, void** memory) const {
  const Port& port = signature_.outputs[index];
  size_t count = 0;
  VECD_TRY(api_.output_count(context_, &count));
  Value* value = nullptr;
  if (index < count) VECD_TRY(api_.output(context_, index, shape.dims, shape.rank, &value));
  if (value != nullptr) return api_.data(value, memory);
  if (port.characteristic == Characteristic::OPTIONAL) return nullptr;
  return invalid("output %s is not used by the graph, and cannot be left out", port.name);
}

}  // namespace vecd
