// One thing changed, and whether what comes of it is good: the fuzzer's own reading of the contract.
#pragma once

#include "cases.h"

namespace vecd {

void spoil_feeds(Dice& dice, Feeds& feeds);
void spoil_node(Dice& dice, Node& node);

bool is_good(const Node& node);
bool is_good(const Node& node, const Feeds& feeds);

}  // namespace vecd
