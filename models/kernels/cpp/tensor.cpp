#include "tensor.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace vecd {

namespace {

constexpr size_t MESSAGE_BYTES = 320, SHAPE_BYTES = 64;

void describe(const Shape& shape, char (&text)[SHAPE_BYTES]) {
  size_t used = static_cast<size_t>(std::snprintf(text, SHAPE_BYTES, "("));
  for (size_t i = 0; i < shape.rank && used < SHAPE_BYTES; i++) {
    const char* comma = i == 0 ? "" : ", ";
    const int more = shape.dims[i] == ANY
                         ? std::snprintf(text + used, SHAPE_BYTES - used, "%sany", comma)
                         : std::snprintf(text + used, SHAPE_BYTES - used, "%s%" PRId64, comma, shape.dims[i]);
    used += static_cast<size_t>(more);
  }
  if (used < SHAPE_BYTES) std::snprintf(text + used, SHAPE_BYTES - used, ")");
}

bool fits(const Shape& shape, const Shape& expected) {
  for (size_t i = 0; i < expected.rank; i++) {
    if (expected.dims[i] != ANY && expected.dims[i] != shape.dims[i]) return false;
  }
  return true;
}

}  // namespace

Status* Failures::invalid(const char* format, ...) const {
  char message[MESSAGE_BYTES];
  const size_t used = static_cast<size_t>(std::snprintf(message, MESSAGE_BYTES, "vecd.%s: ", signature_.name));
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message + used, MESSAGE_BYTES - used, format, arguments);
  va_end(arguments);
  return api_.create_status(ErrorCode::INVALID_ARGUMENT, message);
}

Status* Failures::out_of_memory() const {
  char message[MESSAGE_BYTES];
  std::snprintf(message, MESSAGE_BYTES, "vecd.%s: out of memory", signature_.name);
  return api_.create_status(ErrorCode::FAIL, message);
}

Status* Failures::read_shape(const ShapeInfo* info, const Port& port, const Shape& expected, Shape* shape) const {
  ElementType type;
  VECD_TRY(api_.element_type(info, &type));
  if (type != port.type) {
    return invalid("input %s has element type %d, expected %d", port.name, static_cast<int>(type),
                   static_cast<int>(port.type));
  }
  VECD_TRY(api_.rank(info, &shape->rank));
  if (shape->rank != expected.rank) {
    return invalid("input %s has %zu dimensions, expected %zu", port.name, shape->rank, expected.rank);
  }
  VECD_TRY(api_.dimensions(info, shape->dims, shape->rank));
  if (fits(*shape, expected)) return nullptr;
  char found[SHAPE_BYTES], wanted[SHAPE_BYTES];
  describe(*shape, found);
  describe(expected, wanted);
  return invalid("input %s has shape %s, expected %s", port.name, found, wanted);
}

Status* Failures::read(const Value* value, const Port& port, const Shape& expected, Tensor* tensor) const {
  if (value == nullptr) return invalid("input %s is missing", port.name);
  ShapeInfo* info = nullptr;
  VECD_TRY(api_.type_and_shape(value, &info));
  Status* failure = read_shape(info, port, expected, &tensor->shape);
  api_.release_type_and_shape(info);
  if (failure != nullptr) return failure;
  void* data = nullptr;
  VECD_TRY(api_.data(value, &data));
  tensor->data = data;
  return nullptr;
}

}  // namespace vecd
