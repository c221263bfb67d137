#include "spoil.h"

namespace vecd {

namespace {

constexpr int64_t ODD_NUMBERS[] = {0, -1, INT64_MIN, INT64_MAX, int64_t{1} << 32, 7};

constexpr std::initializer_list<const char*> ATTRIBUTES = {"zero_point", "output_zero_point", "mode", "num_heads"};

size_t pick_given(Dice& dice, const std::vector<ValuePointer>& values) {
  std::vector<size_t> given;
  for (size_t i = 0; i < values.size(); i++) {
    if (values[i] != nullptr) given.push_back(i);
  }
  return given.empty() ? values.size() : given[static_cast<size_t>(dice.below(static_cast<int64_t>(given.size())))];
}

// Another shape or type; the memory fits what the value now says it is.
void reshape(Dice& dice, ValuePointer& value) {
  std::vector<int64_t> dims = value->dims;
  ElementType type = value->type;
  if (dims.empty()) dims = {1};
  const auto axis = static_cast<size_t>(dice.below(static_cast<int64_t>(dims.size())));
  switch (dice.below(6)) {
    case 0: dims.push_back(1); break;
    case 1: dims.pop_back(); break;
    case 2: dims[axis] += dice.between(1, 70); break;
    case 3: dims[axis] = dice.below(dims[axis] + 1); break;
    case 4: dims.assign(5, 1); break;
    default: type = type == ElementType::FLOAT ? ElementType::UINT8 : ElementType::FLOAT;
  }
  value = std::make_unique<Value>(type, dims);
  dice.fill(*value);
}

bool is(const Value* value, ElementType type, std::vector<int64_t> dims) {
  return value != nullptr && value->type == type && value->dims == dims;
}

bool is_width(int64_t size, int64_t most) { return size > 0 && size % 64 == 0 && size <= most; }

bool is_byte(const Node& node, const char* name) {
  const auto found = node.info.integers.find(name);
  return found != node.info.integers.end() && found->second >= 0 && found->second <= 255;
}

bool are_vectors(const Node& node, std::initializer_list<size_t> places, int64_t size) {
  for (size_t place : places) {
    if (!is(node.info.constants.at(place), ElementType::FLOAT, {size})) return false;
  }
  return true;
}

const Value* table(const Node& node, size_t place, ElementType type) {
  const Value* value = node.info.constants.at(place);
  return value != nullptr && value->type == type && value->dims.size() == 2 ? value : nullptr;
}

bool is_good_linear(const Node& node) {
  const Value* weight = table(node, 1, ElementType::INT8);
  if (weight == nullptr || !is_width(weight->dims[0], 65536) || !is_width(weight->dims[1], 65536)) return false;
  const int64_t width = weight->dims[1];
  if (!is_byte(node, "zero_point") || !are_vectors(node, {2, 3}, width)) return false;
  if (node.kind == "LinearFloat") return true;
  if (!is_byte(node, "output_zero_point")) return false;
  if (node.kind == "LinearNormQuantize" && width > 4096) return false;
  return node.kind == "LinearGeluQuantize" ? are_vectors(node, {4}, width) : are_vectors(node, {5, 6, 7}, width);
}

bool is_good_embedding(const Node& node) {
  const Value *words = table(node, 2, ElementType::INT8), *positions = table(node, 4, ElementType::FLOAT);
  if (words == nullptr || positions == nullptr || !is_byte(node, "zero_point")) return false;
  const int64_t width = words->dims[1];
  return is_width(width, 4096) && positions->dims[1] == width && are_vectors(node, {3}, words->dims[0]) &&
         are_vectors(node, {5, 6, 7}, width);
}

bool is_good_attention(const Node& node) {
  const Value* multiplier = node.info.constants.at(2);
  const auto heads = node.info.integers.find("num_heads");
  if (heads == node.info.integers.end() || heads->second < 1 || heads->second > 256) return false;
  if (!is_byte(node, "zero_point")) return false;
  const bool vector = multiplier != nullptr && multiplier->dims.size() == 1 && multiplier->type == ElementType::FLOAT;
  return vector && is_width(multiplier->dims[0], 4096) &&
         (multiplier->dims[0] == 32 * heads->second || multiplier->dims[0] == 64 * heads->second);
}

bool are_good_lengths(const Value* lengths, int64_t tokens, int64_t longest) {
  if (lengths == nullptr || lengths->type != ElementType::INT64 || lengths->dims.size() != 1) return false;
  __int128 sum = 0;
  for (int64_t i = 0; i < lengths->dims[0]; i++) {
    const int64_t length = static_cast<const int64_t*>(lengths->data)[i];
    if (length < 1 || length > longest) return false;
    sum += length;
  }
  return sum == tokens;
}

bool is_good_embedding_run(const Node& node, const Feeds& feeds) {
  const Value* ids = feeds.values[0].get();
  if (ids == nullptr || ids->type != ElementType::INT64 || ids->dims.size() != 1) return false;
  for (int64_t i = 0; i < ids->dims[0]; i++) {
    const int64_t id = static_cast<const int64_t*>(ids->data)[i];
    if (id < 0 || id >= node.info.constants[2]->dims[0]) return false;
  }
  return are_good_lengths(feeds.values[1].get(), ids->dims[0], node.info.constants[4]->dims[0]);
}

}  // namespace

void spoil_feeds(Dice& dice, Feeds& feeds) {
  const size_t place = pick_given(dice, feeds.values);
  ValuePointer& value = feeds.values[place];
  if (value->type == ElementType::INT64 && value->dims[0] > 0 && dice.one_in(2)) {
    value->as<int64_t>()[dice.below(value->dims[0])] = ODD_NUMBERS[dice.below(6)];
  } else if (dice.one_in(16)) {
    value = nullptr;
  } else {
    reshape(dice, value);
  }
}

void spoil_node(Dice& dice, Node& node) {
  const size_t place = pick_given(dice, node.constants);
  switch (place == node.constants.size() ? dice.below(2) : dice.below(4)) {
    case 0: node.info.integers[dice.pick(ATTRIBUTES)] = ODD_NUMBERS[dice.below(6)]; break;
    case 1: node.info.integers.erase(dice.pick(ATTRIBUTES)); break;
    case 2: node.info.constants[place] = nullptr; break;
    default:
      reshape(dice, node.constants[place]);
      node.info.constants[place] = node.constants[place].get();
  }
}

bool is_good(const Node& node) {
  if (node.kind == "Embedding") return is_good_embedding(node);
  if (node.kind == "AttentionQuantize") return is_good_attention(node);
  if (node.kind != "Pool") return is_good_linear(node);
  const auto mode = node.info.integers.find("mode");
  return mode != node.info.integers.end() && (mode->second == 0 || mode->second == 1);
}

bool is_good(const Node& node, const Feeds& feeds) {
  if (node.kind == "Embedding") return is_good_embedding_run(node, feeds);
  const Value* x = feeds.values[0].get();
  if (x == nullptr || x->dims.size() != 2) return false;
  const int64_t tokens = x->dims[0];
  if (node.kind == "Pool") {
    return x->type == ElementType::FLOAT && is_width(x->dims[1], 4096) &&
           are_good_lengths(feeds.values[1].get(), tokens, INT64_MAX);
  }
  if (node.kind == "AttentionQuantize") {
    return is(x, ElementType::FLOAT, {tokens, 3 * node.info.constants[2]->dims[0]}) &&
           are_good_lengths(feeds.values[1].get(), tokens, INT64_MAX);
  }
  const Value* weight = node.info.constants[1];
  if (!is(x, ElementType::UINT8, {tokens, weight->dims[0]})) return false;
  return node.kind != "LinearNormQuantize" ||
         is(feeds.values[4].get(), ElementType::FLOAT, {tokens, weight->dims[1]});
}

}  // namespace vecd
