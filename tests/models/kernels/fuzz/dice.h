// Random numbers that a seed repeats, and bytes and floats of every kind for tensors.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "fake_onnxruntime.h"

namespace vecd {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {
    for (uint32_t& word : bits_) word = static_cast<uint32_t>(next());
    for (float& value : tame_) value = static_cast<float>(below(2001)) * 0.002f - 2;
  }

  uint64_t next() {  // xorshift64*
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1du;
  }
  int64_t below(int64_t limit) { return static_cast<int64_t>((next() >> 11) % static_cast<uint64_t>(limit)); }
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }
  bool one_in(int64_t count) { return below(count) == 0; }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[below(static_cast<int64_t>(from.size()))];
  }

  // Fills a tensor; floats are tame, or any bits at all: huge, tiny, infinite, not a number.
  void fill(Value& value) {
    const bool wild = value.type != ElementType::FLOAT || one_in(3);
    const auto* from = wild ? reinterpret_cast<const char*>(bits_) : reinterpret_cast<const char*>(tame_);
    auto* to = value.as<char>();
    for (size_t left = value.bytes(), start = 4 * static_cast<size_t>(below(WORDS / 2)); left > 0; start = 0) {
      const size_t count = left < sizeof bits_ - start ? left : sizeof bits_ - start;
      std::memcpy(to, from + start, count);
      to += count;
      left -= count;
    }
  }

 private:
  static constexpr int64_t WORDS = 16384;
  uint64_t state_;
  uint32_t bits_[WORDS];
  float tame_[WORDS];
};

}  // namespace vecd
