#include "cases.h"

#include <algorithm>

namespace vecd {

namespace {

using Dims = std::vector<int64_t>;
constexpr ElementType F32 = ElementType::FLOAT, U8 = ElementType::UINT8, I8 = ElementType::INT8,
                      I64 = ElementType::INT64;

ValuePointer filled(Dice& dice, ElementType type, Dims dims) {
  auto value = std::make_unique<Value>(type, std::move(dims));
  dice.fill(*value);
  return value;
}

void add_vectors(Dice& dice, Node& node, int64_t size, int count) {
  for (int i = 0; i < count; i++) node.constants.push_back(filled(dice, F32, {size}));
}

void add_linear(Dice& dice, Node& node, bool large) {
  // Large enough that few rows are shared out by columns, and more of them by rows.
  node.inner = large ? 1024 : dice.pick<int64_t>({64, 64, 64, 128, 192});
  node.width = large ? 3072 : dice.pick<int64_t>({64, 64, 64, 128, 192});
  node.constants.push_back(nullptr);
  node.constants.push_back(filled(dice, I8, {node.inner, node.width}));
  add_vectors(dice, node, node.width, 2);
}

void add_lengths(const Feeds& feeds, std::vector<ValuePointer>& values) {
  auto value = std::make_unique<Value>(I64, Dims{static_cast<int64_t>(feeds.lengths.size())});
  std::copy(feeds.lengths.begin(), feeds.lengths.end(), value->as<int64_t>());
  values.push_back(std::move(value));
}

bool takes_lengths(const Node& node) { return node.inner == 0; }

ValuePointer cut_rows(const Value& value, int64_t first, int64_t count) {
  Dims dims = value.dims;
  dims[0] = count;
  auto part = std::make_unique<Value>(value.type, dims);
  const size_t row = value.dims[0] == 0 ? 0 : value.bytes() / static_cast<size_t>(value.dims[0]);
  std::memcpy(part->data, static_cast<const char*>(value.data) + row * static_cast<size_t>(first), part->bytes());
  return part;
}

}  // namespace

Node make_node(Dice& dice, const std::string& kind, bool large) {
  Node node;
  node.kind = kind;
  node.info.integers = {{"zero_point", dice.below(256)}, {"output_zero_point", dice.below(256)}};
  node.info.floats = {{"epsilon", dice.pick({0.0f, 1e-12f, 1e-5f})}};
  if (kind == "Embedding") {
    node.width = dice.pick<int64_t>({64, 128, 384});
    node.vocabulary = dice.between(1, 20);
    node.positions = large ? 700 : dice.between(12, 40);
    node.constants.push_back(nullptr);
    node.constants.push_back(nullptr);
    node.constants.push_back(filled(dice, I8, {node.vocabulary, node.width}));
    node.constants.push_back(filled(dice, F32, {node.vocabulary}));
    node.constants.push_back(filled(dice, F32, {node.positions, node.width}));
    add_vectors(dice, node, node.width, 3);
  } else if (kind == "AttentionQuantize") {
    node.width = dice.pick<int64_t>({64, 64, 128});
    node.info.integers["num_heads"] = node.width / (dice.one_in(2) ? 64 : 32);
    node.info.integers["bf16_from_tokens"] = dice.pick<int64_t>({0, 1, 8});
    node.constants.push_back(nullptr);
    node.constants.push_back(nullptr);
    add_vectors(dice, node, node.width, 1);
  } else if (kind == "Pool") {
    node.width = dice.pick<int64_t>({64, 128, 384});
    node.info.integers["mode"] = dice.below(2);
    node.constants.resize(2);
  } else {
    add_linear(dice, node, large);
    if (kind == "LinearNormQuantize") node.constants.push_back(nullptr);
    add_vectors(dice, node, node.width, kind == "LinearNormQuantize" ? 3 : kind == "LinearGeluQuantize" ? 1 : 0);
  }
  for (const ValuePointer& value : node.constants) node.info.constants.push_back(value.get());
  return node;
}

Feeds make_feeds(Dice& dice, const Node& node, bool large) {
  Feeds feeds;
  const bool few = node.inner > 0 && !dice.one_in(4);
  feeds.tokens = !large ? dice.below(dice.pick<int64_t>({3, 9, 20, 20, 80}))
                 : few  ? dice.between(5, 47)
                        : dice.between(100, 300);
  if (takes_lengths(node)) {
    const int64_t longest = large ? 300 : 12;
    for (int64_t left = feeds.tokens; left > 0; left -= feeds.lengths.back()) {
      feeds.lengths.push_back(dice.between(1, left < longest ? left : longest));
    }
  }
  if (node.kind == "Embedding") {
    auto ids = std::make_unique<Value>(I64, Dims{feeds.tokens});
    for (int64_t i = 0; i < feeds.tokens; i++) ids->as<int64_t>()[i] = dice.below(node.vocabulary);
    feeds.values.push_back(std::move(ids));
  } else if (node.kind == "AttentionQuantize") {
    feeds.values.push_back(filled(dice, F32, {feeds.tokens, 3 * node.width}));
  } else if (node.kind == "Pool") {
    feeds.values.push_back(filled(dice, F32, {feeds.tokens, node.width}));
  } else {
    feeds.values.push_back(filled(dice, U8, {feeds.tokens, node.inner}));
  }
  if (takes_lengths(node)) add_lengths(feeds, feeds.values);
  if (node.kind == "LinearNormQuantize") {
    feeds.values.resize(4);
    feeds.values.push_back(filled(dice, F32, {feeds.tokens, node.width}));
  }
  feeds.values.resize(node.constants.size());
  return feeds;
}

Feeds cut_feeds(const Node& node, const Feeds& whole, size_t first, size_t count) {
  Feeds part;
  int64_t start = static_cast<int64_t>(first);
  part.tokens = static_cast<int64_t>(count);
  if (takes_lengths(node)) {
    start = part.tokens = 0;
    for (size_t i = 0; i < first; i++) start += whole.lengths[i];
    part.lengths.assign(whole.lengths.begin() + static_cast<int64_t>(first),
                        whole.lengths.begin() + static_cast<int64_t>(first + count));
    for (int64_t length : part.lengths) part.tokens += length;
  }
  for (size_t i = 0; i < whole.values.size(); i++) {
    if (whole.values[i] == nullptr) {
      part.values.push_back(nullptr);
    } else if (takes_lengths(node) && i == 1) {
      add_lengths(part, part.values);
    } else {
      part.values.push_back(cut_rows(*whole.values[i], start, part.tokens));
    }
  }
  return part;
}

}  // namespace vecd
