// What the fuzzer knows of each operator: how to make a good node and a good run of it.
#pragma once

#include <string>
#include <vector>

#include "dice.h"

namespace vecd {

// A node with its constants. Sizes are drawn once for each, since making a kernel costs more than running it.
struct Node {
  std::string kind;
  KernelInfo info;
  std::vector<ValuePointer> constants;  // by input; null where it is fed
  int64_t inner = 0, width = 0, vocabulary = 0, positions = 0;
};

// The inputs of a run, by place.
struct Feeds {
  std::vector<ValuePointer> values;
  std::vector<int64_t> lengths;  // of the texts; empty where the operator takes none
  int64_t tokens = 0;
};

constexpr const char* KINDS[] = {"Embedding",          "LinearFloat",       "LinearGeluQuantize",
                                 "LinearNormQuantize", "AttentionQuantize", "Pool"};

Node make_node(Dice& dice, const std::string& kind, bool large);
Feeds make_feeds(Dice& dice, const Node& node, bool large);
// The same texts from the one at `first` on, alone: `count` of them.
Feeds cut_feeds(const Node& node, const Feeds& whole, size_t first, size_t count);

}  // namespace vecd
