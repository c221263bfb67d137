#include "fake_onnxruntime.h"

#include <array>
#include <cstdio>

namespace vecd {

struct ShapeInfo {
  const Value* value;
};

struct Domain {
  std::string name;
  std::vector<const CustomOp*> operators;
};

struct SessionOptions {
  std::map<std::string, std::string> entries;
  Domain* domain = nullptr;
};

size_t element_bytes(ElementType type) {
  return type == ElementType::FLOAT ? 4 : type == ElementType::INT64 ? 8 : 1;
}

Value::Value(ElementType type_of, std::vector<int64_t> shape) : type(type_of), dims(std::move(shape)) {
  data = std::malloc(bytes());
}

size_t Value::bytes() const {
  size_t count = element_bytes(type);
  for (int64_t dim : dims) count *= static_cast<size_t>(dim);
  return count;
}

namespace {

Status* create_status(ErrorCode code, const char* message) { return new Status{code, message}; }
void release_status(Status* status) { delete status; }

Status* create_domain(const char* name, Domain** domain) {
  *domain = new Domain{name, {}};
  return nullptr;
}

void release_domain(Domain* domain) { delete domain; }

Status* add_operator(Domain* domain, const CustomOp* op) {
  domain->operators.push_back(op);
  return nullptr;
}

Status* add_domain(SessionOptions* options, Domain* domain) {
  options->domain = domain;
  return nullptr;
}

Status* has_entry(const SessionOptions* options, const char* key, int* is_there) {
  *is_there = options->entries.count(key) != 0;
  return nullptr;
}

Status* get_entry(const SessionOptions* options, const char* key, char* value, size_t* size) {
  const std::string& entry = options->entries.at(key);
  const size_t taken = entry.size() + 1;
  if (taken > *size) return create_status(ErrorCode::FAIL, "does not fit");
  std::memcpy(value, entry.c_str(), taken);
  *size = taken;
  return nullptr;
}

Status* get_data(Value* value, void** data) {
  *data = value->data;
  return nullptr;
}

Status* get_shape_info(const Value* value, ShapeInfo** info) {
  *info = new ShapeInfo{value};
  return nullptr;
}

void release_shape_info(ShapeInfo* info) { delete info; }

Status* get_element_type(const ShapeInfo* info, ElementType* type) {
  *type = info->value->type;
  return nullptr;
}

Status* get_rank(const ShapeInfo* info, size_t* rank) {
  *rank = info->value->dims.size();
  return nullptr;
}

Status* get_dimensions(const ShapeInfo* info, int64_t* dims, size_t rank) {
  for (size_t i = 0; i < rank; i++) dims[i] = info->value->dims.at(i);
  return nullptr;
}

template <class T>
Status* find(const std::map<std::string, T>& attributes, const char* name, T* value) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return create_status(ErrorCode::FAIL, "no such attribute");
  *value = found->second;
  return nullptr;
}

Status* get_float(const KernelInfo* info, const char* name, float* value) { return find(info->floats, name, value); }
Status* get_integer(const KernelInfo* info, const char* name, int64_t* value) {
  return find(info->integers, name, value);
}

Status* get_constant(const KernelInfo* info, size_t index, int* is_constant, const Value** value) {
  *value = info->constants.at(index);
  *is_constant = *value != nullptr;
  return nullptr;
}

Status* get_input(const KernelContext* context, size_t index, const Value** value) {
  *value = context->inputs.at(index);
  return nullptr;
}

Status* get_output_count(const KernelContext* context, size_t* count) {
  *count = context->wanted.size();
  return nullptr;
}

// The operator's own table says of what type an output is; the fuzzer fills it in before a run.
Status* get_output(KernelContext* context, size_t index, const int64_t* dims, size_t rank, Value** value) {
  *value = nullptr;
  if (!context->wanted.at(index)) return nullptr;
  ValuePointer& output = context->outputs.at(index);
  output = std::make_unique<Value>(output->type, std::vector<int64_t>(dims, dims + rank));
  *value = output.get();
  return nullptr;
}

Status* parallel_for(const KernelContext* context, void (*step)(void*, size_t), size_t total, size_t, void* user) {
  for (size_t i = 0; i < total; i++) step(user, context->backwards ? total - 1 - i : i);
  return nullptr;
}

using Table = std::array<const void*, 300>;

[[noreturn]] void not_there() {
  std::fputs("a function was called that the stand-in lacks\n", stderr);
  std::abort();
}

Table make_table() {
  Table table;
  table.fill(reinterpret_cast<const void*>(&not_there));
  const auto put = [&](Function place, auto* function) {
    table.at(static_cast<size_t>(place)) = reinterpret_cast<const void*>(function);
  };
  put(Function::CREATE_STATUS, &create_status);
  put(Function::CREATE_CUSTOM_OP_DOMAIN, &create_domain);
  put(Function::RELEASE_CUSTOM_OP_DOMAIN, &release_domain);
  put(Function::CUSTOM_OP_DOMAIN_ADD, &add_operator);
  put(Function::ADD_CUSTOM_OP_DOMAIN, &add_domain);
  put(Function::HAS_SESSION_CONFIG_ENTRY, &has_entry);
  put(Function::GET_SESSION_CONFIG_ENTRY, &get_entry);
  put(Function::GET_TENSOR_MUTABLE_DATA, &get_data);
  put(Function::GET_TENSOR_ELEMENT_TYPE, &get_element_type);
  put(Function::GET_DIMENSIONS_COUNT, &get_rank);
  put(Function::GET_DIMENSIONS, &get_dimensions);
  put(Function::GET_TENSOR_TYPE_AND_SHAPE, &get_shape_info);
  put(Function::KERNEL_INFO_GET_ATTRIBUTE_FLOAT, &get_float);
  put(Function::KERNEL_INFO_GET_ATTRIBUTE_INT64, &get_integer);
  put(Function::KERNEL_CONTEXT_GET_OUTPUT_COUNT, &get_output_count);
  put(Function::KERNEL_CONTEXT_GET_INPUT, &get_input);
  put(Function::KERNEL_CONTEXT_GET_OUTPUT, &get_output);
  put(Function::RELEASE_STATUS, &release_status);
  put(Function::RELEASE_TENSOR_TYPE_AND_SHAPE_INFO, &release_shape_info);
  put(Function::KERNEL_INFO_GET_CONSTANT_INPUT_TENSOR, &get_constant);
  put(Function::KERNEL_CONTEXT_PARALLEL_FOR, &parallel_for);
  return table;
}

}  // namespace

const void* fake_api() {
  static const Table table = make_table();
  return table.data();
}

extern "C" Status* RegisterCustomOps(SessionOptions* options, const ApiBase* base);

std::map<std::string, const CustomOp*> register_operators(const std::string& attention, const std::string& products) {
  const ApiBase base{[](uint32_t) { return fake_api(); }, nullptr};
  SessionOptions options{{{"vecd.attention", attention}, {"vecd.products", products}}};
  if (Status* failure = RegisterCustomOps(&options, &base)) {
    std::fprintf(stderr, "%s\n", failure->message.c_str());
    std::abort();
  }
  std::map<std::string, const CustomOp*> operators;
  for (const CustomOp* op : options.domain->operators) operators[op->get_name(op)] = op;
  return operators;
}

}  // namespace vecd
