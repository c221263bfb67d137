// The door of the library: ONNX Runtime calls RegisterCustomOps, then makes, runs and destroys kernels through the
// tables registered here. Compiled without any instruction set, so that it can say that one is missing.

#include <atomic>
#include <climits>
#include <new>

#include "arithmetic.h"
#include "processor.h"
#include "run.h"
#include "setup.h"

namespace vecd {

namespace {

constexpr const char* ATTENTION_KEY = "vecd.attention";

struct Operator : CustomOp {
  const Signature* signature;
  Arithmetic arithmetic;
};

// What ONNX Runtime holds for us between runs.
struct Instance {
  Api api;
  const Signature* signature;
  void* kernel;
};

const Operator& operator_of(const CustomOp* op) { return *static_cast<const Operator*>(op); }
const Signature& signature_of(const CustomOp* op) { return *operator_of(op).signature; }

int one(const CustomOp*) { return 1; }

Status* create(const CustomOp* op, const void* table, const KernelInfo* info, void** created) {
  const Api api(table);
  const Signature& signature = signature_of(op);
  const Setup setup(api, signature, info, operator_of(op).arithmetic);
  if (*missing_features() != 0) return setup.invalid("this processor lacks %s", missing_features());
  void* kernel = nullptr;
  VECD_TRY(signature.create(setup, &kernel));
  auto* instance = new (std::nothrow) Instance{api, &signature, kernel};
  if (instance == nullptr) {
    signature.destroy(kernel);
    return setup.out_of_memory();
  }
  *created = instance;
  return nullptr;
}

Status* compute(void* opaque, KernelContext* context) {
  const auto* instance = static_cast<const Instance*>(opaque);
  return instance->signature->compute(instance->kernel, Run(instance->api, *instance->signature, context));
}

void destroy(void* opaque) {
  auto* instance = static_cast<Instance*>(opaque);
  if (instance == nullptr) return;
  instance->signature->destroy(instance->kernel);
  delete instance;
}

constexpr Operator describe(const Signature& signature, Arithmetic arithmetic) {
  Operator op{};
  op.version = API_VERSION;
  op.get_name = [](const CustomOp* op) { return signature_of(op).name; };
  op.get_execution_provider = [](const CustomOp*) -> const char* { return nullptr; };  // the CPU's
  op.get_input_type = [](const CustomOp* op, size_t i) { return signature_of(op).inputs[i].type; };
  op.get_input_count = [](const CustomOp* op) { return signature_of(op).input_count; };
  op.get_output_type = [](const CustomOp* op, size_t i) { return signature_of(op).outputs[i].type; };
  op.get_output_count = [](const CustomOp* op) { return signature_of(op).output_count; };
  op.destroy = destroy;
  op.get_input_characteristic = [](const CustomOp* op, size_t i) { return signature_of(op).inputs[i].characteristic; };
  op.get_output_characteristic = [](const CustomOp* op, size_t i) {
    return signature_of(op).outputs[i].characteristic;
  };
  op.get_input_memory_type = [](const CustomOp*, size_t) { return 0; };
  op.get_variadic_input_min_arity = one;
  op.get_variadic_input_homogeneity = one;
  op.get_variadic_output_min_arity = one;
  op.get_variadic_output_homogeneity = one;
  op.create_kernel_v2 = create;
  op.compute_v2 = compute;
  op.get_start_version = one;
  op.get_end_version = [](const CustomOp*) { return INT_MAX; };
  op.signature = &signature;
  op.arithmetic = arithmetic;
  return op;
}

struct Operators {
  Operator all[6];
};

constexpr Operators describe_all(Arithmetic arithmetic) {
  return {{
      describe(EMBEDDING, arithmetic),
      describe(LINEAR_FLOAT, arithmetic),
      describe(LINEAR_GELU_QUANTIZE, arithmetic),
      describe(LINEAR_NORM_QUANTIZE, arithmetic),
      describe(ATTENTION_QUANTIZE, arithmetic),
      describe(POOL, arithmetic),
  }};
}

// A kernel is told nothing of its session but the operator that it is made of: each arithmetic has its own.
constexpr Operators OPERATORS[ARITHMETICS] = {
    describe_all(Arithmetic::F32),
    describe_all(Arithmetic::BF16),
    describe_all(Arithmetic::BF16_EMULATED),
};

Status* create_domain(const Api& api, int arithmetic, Domain** domain) {
  VECD_TRY(api.create_domain("vecd", domain));
  for (const Operator& op : OPERATORS[arithmetic].all) {
    if (Status* failure = api.add_operator(*domain, &op)) {
      api.release_domain(*domain);
      return failure;
    }
  }
  return nullptr;
}

// Sessions hold a domain by its address and nobody tells us when the last one is gone: there is one for each
// arithmetic, kept.
std::atomic<Domain*> shared_domains[ARITHMETICS];

// The session's entry ATTENTION_KEY, or where it has none what this processor is quick at.
Status* choose_arithmetic(const Api& api, const SessionOptions* options, Arithmetic* chosen) {
  *chosen = quick_arithmetic();
  int is_there = 0;
  VECD_TRY(api.has_entry(options, ATTENTION_KEY, &is_there));
  if (is_there == 0) return nullptr;
  char name[32] = {};
  size_t size = sizeof name;
  VECD_TRY(api.entry(options, ATTENTION_KEY, name, &size));
  if (find_arithmetic(name, chosen)) return nullptr;
  return api.create_status(ErrorCode::INVALID_ARGUMENT, "the session's vecd.attention is not f32, bf16 or bf16-emulated");
}

}  // namespace

Status* register_operators(SessionOptions* options, const ApiBase* base) {
  const void* table = base->get_api(API_VERSION);
  if (table == nullptr) {
    const char* message = "the vecd operators need ONNX Runtime 1.17 or newer";
    return Api(base->get_api(1)).create_status(ErrorCode::FAIL, message);
  }
  const Api api(table);
  Arithmetic arithmetic;
  VECD_TRY(choose_arithmetic(api, options, &arithmetic));
  const int place = static_cast<int>(arithmetic);
  Domain* domain = shared_domains[place].load();
  if (domain == nullptr) {
    VECD_TRY(create_domain(api, place, &domain));
    Domain* first = nullptr;
    if (!shared_domains[place].compare_exchange_strong(first, domain)) {
      api.release_domain(domain);
      domain = first;
    }
  }
  return api.add_domain(options, domain);
}

}  // namespace vecd

extern "C" __attribute__((visibility("default"))) vecd::Status* RegisterCustomOps(vecd::SessionOptions* options,
                                                                                   const vecd::ApiBase* base) {
  return vecd::register_operators(options, base);
}
