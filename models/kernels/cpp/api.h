// Calls into ONNX Runtime, typed.
//
// In: the table of functions that it hands out. Out: one thin method for each function used. A method that returns a
// Status* returns null where all is well; the caller owns what it gets.
#pragma once

#include "abi.h"

namespace vecd {

class Api {
 public:
  explicit Api(const void* table) : table_(static_cast<const void* const*>(table)) {}

  Status* create_status(ErrorCode code, const char* message) const {
    return call<Status*>(Function::CREATE_STATUS, code, message);
  }
  void release_status(Status* status) const { call<void>(Function::RELEASE_STATUS, status); }

  Status* create_domain(const char* name, Domain** domain) const {
    return call<Status*>(Function::CREATE_CUSTOM_OP_DOMAIN, name, domain);
  }
  void release_domain(Domain* domain) const { call<void>(Function::RELEASE_CUSTOM_OP_DOMAIN, domain); }
  Status* add_operator(Domain* domain, const CustomOp* op) const {
    return call<Status*>(Function::CUSTOM_OP_DOMAIN_ADD, domain, op);
  }
  Status* add_domain(SessionOptions* options, Domain* domain) const {
    return call<Status*>(Function::ADD_CUSTOM_OP_DOMAIN, options, domain);
  }
  Status* has_entry(const SessionOptions* options, const char* key, int* is_there) const {
    return call<Status*>(Function::HAS_SESSION_CONFIG_ENTRY, options, key, is_there);
  }
  // `size` is that of `value`, and afterwards what the text takes with its final zero; fails where it does not fit.
  Status* entry(const SessionOptions* options, const char* key, char* value, size_t* size) const {
    return call<Status*>(Function::GET_SESSION_CONFIG_ENTRY, options, key, value, size);
  }

  Status* attribute(const KernelInfo* info, const char* name, float* value) const {
    return call<Status*>(Function::KERNEL_INFO_GET_ATTRIBUTE_FLOAT, info, name, value);
  }
  Status* attribute(const KernelInfo* info, const char* name, int64_t* value) const {
    return call<Status*>(Function::KERNEL_INFO_GET_ATTRIBUTE_INT64, info, name, value);
  }
  Status* constant_input(const KernelInfo* info, size_t index, int* is_constant, const Value** value) const {
    return call<Status*>(Function::KERNEL_INFO_GET_CONSTANT_INPUT_TENSOR, info, index, is_constant, value);
  }

  Status* input(const KernelContext* context, size_t index, const Value** value) const {
    return call<Status*>(Function::KERNEL_CONTEXT_GET_INPUT, context, index, value);
  }
  Status* output_count(const KernelContext* context, size_t* count) const {
    return call<Status*>(Function::KERNEL_CONTEXT_GET_OUTPUT_COUNT, context, count);
  }
  // The value is null where the graph does not use the output.
  Status* output(KernelContext* context, size_t index, const int64_t* dims, size_t rank, Value** value) const {
    return call<Status*>(Function::KERNEL_CONTEXT_GET_OUTPUT, context, index, dims, rank, value);
  }
  Status* parallel_for(const KernelContext* context, void (*step)(void*, size_t), size_t total, void* user) const {
    const size_t batches = 0;  // every step goes to whichever thread is free
    return call<Status*>(Function::KERNEL_CONTEXT_PARALLEL_FOR, context, step, total, batches, user);
  }

  Status* data(const Value* value, void** data) const {
    return call<Status*>(Function::GET_TENSOR_MUTABLE_DATA, value, data);
  }
  Status* type_and_shape(const Value* value, ShapeInfo** info) const {
    return call<Status*>(Function::GET_TENSOR_TYPE_AND_SHAPE, value, info);
  }
  Status* element_type(const ShapeInfo* info, ElementType* type) const {
    return call<Status*>(Function::GET_TENSOR_ELEMENT_TYPE, info, type);
  }
  Status* rank(const ShapeInfo* info, size_t* rank) const {
    return call<Status*>(Function::GET_DIMENSIONS_COUNT, info, rank);
  }
  Status* dimensions(const ShapeInfo* info, int64_t* dims, size_t rank) const {
    return call<Status*>(Function::GET_DIMENSIONS, info, dims, rank);
  }
  void release_type_and_shape(ShapeInfo* info) const {
    call<void>(Function::RELEASE_TENSOR_TYPE_AND_SHAPE_INFO, info);
  }

 private:
  template <class Result, class... Arguments>
  Result call(Function function, Arguments... arguments) const {
    void* entry = const_cast<void*>(table_[static_cast<int>(function)]);
    return reinterpret_cast<Result (*)(Arguments...)>(entry)(arguments...);
  }

  const void* const* table_;
};

// Hand a failure on to the caller.
#define VECD_TRY(expression)                               \
  do {                                                     \
    if (::vecd::Status* failure = (expression)) return failure; \
  } while (false)

}  // namespace vecd
