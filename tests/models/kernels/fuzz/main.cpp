// Calls the operators with random nodes and inputs, good and bad, under whatever sanitizers it is built with.
//
//   fuzz CALLS SEED
//
// A good call must succeed, with the same bits when its parallel steps run backwards, when its first texts run alone,
// and with other products; a bad one must fail with a message. Stops with 1 at the first call where that is not so, and
// prints its seed.

#include <cstdio>

#include "spoil.h"

namespace vecd {

namespace {

struct Tally {
  int64_t calls = 0, good_nodes = 0, good_runs = 0, compared = 0;
};

constexpr int64_t RUNS_A_NODE = 48, SPOILED_ONE_IN = 3, LARGE_ONE_IN = 100;

struct Outcome {
  bool good = false;
  std::string message;
  std::vector<ValuePointer> outputs;
};

std::string take(Status* status) {
  std::string message = status == nullptr ? "" : status->message;
  delete status;
  return message;
}

Outcome run(const CustomOp* op, const Node& node, void* kernel, const Feeds& feeds, std::vector<bool> wanted,
            bool backwards) {
  KernelContext context;
  context.backwards = backwards;
  for (size_t i = 0; i < op->get_input_count(op); i++) {
    Value* constant = node.info.constants[i];
    context.inputs.push_back(constant != nullptr ? constant : feeds.values[i].get());
  }
  context.wanted = wanted;
  for (size_t i = 0; i < wanted.size(); i++) {
    context.outputs.push_back(std::make_unique<Value>(op->get_output_type(op, i), std::vector<int64_t>{0}));
  }
  Outcome outcome;
  Status* status = op->compute_v2(kernel, &context);
  outcome.good = status == nullptr;
  outcome.message = take(status);
  outcome.outputs = std::move(context.outputs);
  return outcome;
}

// The outputs' first rows are the whole outputs of the other.
bool begins_with(const Outcome& whole, const Outcome& part, const std::vector<bool>& wanted) {
  for (size_t i = 0; i < wanted.size(); i++) {
    const size_t bytes = part.outputs[i]->bytes();
    if (!wanted[i]) continue;
    if (whole.outputs[i]->bytes() < bytes) return false;
    if (std::memcmp(whole.outputs[i]->data, part.outputs[i]->data, bytes) != 0) return false;
  }
  return true;
}

std::vector<bool> choose_outputs(Dice& dice, const CustomOp* op) {
  std::vector<bool> wanted;
  for (size_t i = 0; i < op->get_output_count(op); i++) {
    const bool optional = op->get_output_characteristic(op, i) == Characteristic::OPTIONAL;
    wanted.push_back(!optional || !dice.one_in(3));
  }
  if (!wanted.back() && dice.one_in(2)) wanted.pop_back();
  return wanted;
}

// Returns what is wrong, or nothing.
const char* check_run(Dice& dice, const CustomOp* op, const Node& node, void* kernel, bool large, Tally& tally) {
  Feeds feeds = make_feeds(dice, node, large);
  if (dice.one_in(SPOILED_ONE_IN)) spoil_feeds(dice, feeds);
  const bool good = is_good(node, feeds);
  const std::vector<bool> wanted = choose_outputs(dice, op);
  const Outcome outcome = run(op, node, kernel, feeds, wanted, false);
  if (outcome.good != good) return good ? "a good run was refused" : "a bad run was not refused";
  if (!good) return outcome.message.rfind("vecd.", 0) == 0 ? nullptr : "a bad run gave no message of ours";
  tally.good_runs++;
  const int64_t texts = static_cast<int64_t>(feeds.lengths.empty() ? feeds.tokens : feeds.lengths.size());
  const bool untouched = feeds.values[0]->dims[0] == feeds.tokens;
  if (untouched && texts > 0 && dice.one_in(4)) {
    tally.compared++;
    const Feeds part = cut_feeds(node, feeds, 0, static_cast<size_t>(dice.between(1, texts)));
    if (!begins_with(outcome, run(op, node, kernel, part, wanted, true), wanted)) return "other bits alone";
  } else if (dice.one_in(8)) {
    if (!begins_with(outcome, run(op, node, kernel, feeds, wanted, true), wanted)) return "other bits backwards";
  }
  return nullptr;
}

using Operators = std::map<std::string, const CustomOp*>;
using Sessions = std::vector<Operators>;  // of each attention, with products by VPDPBUSD and on tiles

// The operator with other products must give the same bits.
const char* check_products(Dice& dice, const CustomOp* op, const CustomOp* other, const Node& node, void* kernel,
                           bool large) {
  void* beside = nullptr;
  take(other->create_kernel_v2(other, fake_api(), &node.info, &beside));
  const Feeds feeds = make_feeds(dice, node, large);
  const std::vector<bool> wanted = choose_outputs(dice, op);
  const Outcome outcome = run(op, node, kernel, feeds, wanted, false);
  const bool same = begins_with(outcome, run(other, node, beside, feeds, wanted, false), wanted);
  other->destroy(beside);
  return same ? nullptr : "other bits with other products";
}

// Makes one kernel and runs it some times.
const char* check_node(Dice& dice, const Sessions& sessions, Tally& tally) {
  const char* kind = KINDS[dice.below(6)];
  const auto session = static_cast<size_t>(dice.below(static_cast<int64_t>(sessions.size())));
  const CustomOp *op = sessions[session].at(kind), *other = sessions[session ^ 1].at(kind);
  const bool large = dice.one_in(LARGE_ONE_IN);
  Node node = make_node(dice, kind, large);
  if (dice.one_in(SPOILED_ONE_IN)) spoil_node(dice, node);
  void* kernel = nullptr;
  const std::string message = take(op->create_kernel_v2(op, fake_api(), &node.info, &kernel));
  tally.calls++;
  if (message.empty() != is_good(node)) {
    return message.empty() ? "a bad node was not refused" : "a good node was refused";
  }
  if (!message.empty()) return message.rfind("vecd.", 0) == 0 ? nullptr : "a bad node gave no message of ours";
  tally.good_nodes++;
  const char* wrong = check_products(dice, op, other, node, kernel, large);
  for (int64_t i = 0; i < (large ? 4 : RUNS_A_NODE) && wrong == nullptr; i++, tally.calls++) {
    wrong = check_run(dice, op, node, kernel, large, tally);
  }
  op->destroy(kernel);
  if (wrong != nullptr) std::fprintf(stderr, "%s: ", kind);
  return wrong;
}

int fuzz(int64_t calls, uint64_t seed) {
  Dice dice(seed);
  Sessions sessions;
  for (const char* attention : {"f32", "bf16", "bf16-emulated", "tiles"}) {
    for (const char* products : {"vnni", "tiles"}) sessions.push_back(register_operators(attention, products));
  }
  Tally tally;
  const auto shown = static_cast<unsigned long long>(seed);
  for (int64_t said = 0; tally.calls < calls;) {
    if (const char* wrong = check_node(dice, sessions, tally)) {
      std::fprintf(stderr, "%s (seed %llu, after %lld calls)\n", wrong, shown, static_cast<long long>(tally.calls));
      return 1;
    }
    if (tally.calls - said < 1000000) continue;
    said = tally.calls;
    std::fprintf(stderr, "fuzz: seed %llu, %lld calls\n", shown, static_cast<long long>(said));
  }
  std::printf("fuzz: seed %llu, %lld calls, nothing wrong: %lld good nodes, %lld good runs, %lld compared alone\n",
              shown, static_cast<long long>(tally.calls), static_cast<long long>(tally.good_nodes),
              static_cast<long long>(tally.good_runs), static_cast<long long>(tally.compared));
  return 0;
}

}  // namespace

}  // namespace vecd

extern "C" const char* vecd_kernels_missing();

int main(int count, char** words) {
  if (*vecd_kernels_missing() != 0) {
    std::printf("fuzz: skipped: this processor lacks %s\n", vecd_kernels_missing());
    return 0;
  }
  if (count == 3) return vecd::fuzz(std::atoll(words[1]), static_cast<uint64_t>(std::atoll(words[2])));
  std::fprintf(stderr, "usage: fuzz CALLS SEED\n");
  return 2;
}
