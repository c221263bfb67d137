// The door of the library: ONNX Runtime calls RegisterCustomOps, then makes, runs and destroys kernels through the
// tables registered here. Compiled without any instruction set, so that it can say that one is missing.

#include <atomic>
#include <climits>
#include <new>

#include "processor.h"
#include "run.h"
#include "setup.h"

namespace vecd {

namespace {

constexpr const char *ATTENTION_KEY = "vecd.attention", *PRODUCTS_KEY = "vecd.products";

struct Operator : CustomOp {
  const Signature* signature;
  Ways ways;
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
  const Setup setup(api, signature, info, operator_of(op).ways);
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

constexpr Operator describe(const Signature& signature, const Ways& ways) {
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
  op.ways = ways;
  return op;
}

struct Operators {
  Operator all[6];
};

constexpr Operators describe_all(const Ways& ways) {
  return {{
      describe(EMBEDDING, ways),
      describe(LINEAR_FLOAT, ways),
      describe(LINEAR_GELU_QUANTIZE, ways),
      describe(LINEAR_NORM_QUANTIZE, ways),
      describe(ATTENTION_QUANTIZE, ways),
      describe(POOL, ways),
  }};
}

// A kernel is told nothing of its session but the operator that it is made of: for all ways to compute there is one.
constexpr int WAYS = ARITHMETICS * PRODUCTS;

struct Table {
  Operators of[WAYS];
};

constexpr int place_of(const Ways& ways) {
  return static_cast<int>(ways.arithmetic) * PRODUCTS + static_cast<int>(ways.products);
}

constexpr Table describe_ways() {
  Table table{};
  for (int i = 0; i < WAYS; i++) {
    table.of[i] = describe_all({static_cast<Arithmetic>(i / PRODUCTS), static_cast<Products>(i % PRODUCTS)});
  }
  return table;
}

constexpr Table OPERATORS = describe_ways();

Status* create_domain(const Api& api, int place, Domain** domain) {
  VECD_TRY(api.create_domain("vecd", domain));
  for (const Operator& op : OPERATORS.of[place].all) {
    if (Status* failure = api.add_operator(*domain, &op)) {
      api.release_domain(*domain);
      return failure;
    }
  }
  return nullptr;
}

// Sessions hold a domain by its address and nobody tells us when the last one is gone: there is one for each way,
// kept.
std::atomic<Domain*> shared_domains[WAYS];

// A session's entry in `name`, which stays "" where it has none.
Status* read_entry(const Api& api, const SessionOptions* options, const char* key, char (&name)[32]) {
  int is_there = 0;
  VECD_TRY(api.has_entry(options, key, &is_there));
  size_t size = sizeof name;
  return is_there == 0 ? nullptr : api.entry(options, key, name, &size);
}

// What the session's entries say, or where it has none what this processor is quick at.
Status* choose_ways(const Api& api, const SessionOptions* options, Ways* ways) {
  *ways = {quick_arithmetic(), quick_products()};
  char attention[32] = {}, products[32] = {};
  VECD_TRY(read_entry(api, options, ATTENTION_KEY, attention));
  VECD_TRY(read_entry(api, options, PRODUCTS_KEY, products));
  if (*attention != 0 && !find_arithmetic(attention, &ways->arithmetic)) {
    const char* message = "the session's vecd.attention is not f32, bf16, bf16-emulated, tiles or tiles-emulated";
    return api.create_status(ErrorCode::INVALID_ARGUMENT, message);
  }
  if (*products != 0 && !find_products(products, &ways->products)) {
    const char* message = "the session's vecd.products is not vnni, tiles or tiles-emulated";
    return api.create_status(ErrorCode::INVALID_ARGUMENT, message);
  }
  return nullptr;
}

}  // namespace

Status* register_operators(SessionOptions* options, const ApiBase* base) {
  const void* table = base->get_api(API_VERSION);
  if (table == nullptr) {
    const char* message = "the vecd operators need ONNX Runtime 1.17 or newer";
    return Api(base->get_api(1)).create_status(ErrorCode::FAIL, message);
  }
  const Api api(table);
  Ways ways;
  VECD_TRY(choose_ways(api, options, &ways));
  const int place = place_of(ways);
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
