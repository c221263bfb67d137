// Memory on cache-line borders that says whether it is there instead of throwing.
//
// No exception may leave the library and nothing in it throws, so that it is compiled without them.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace vecd {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  // Makes room for `count` elements, not initialized; false where there is no memory.
  bool allocate(int64_t count) {
    const size_t limit = (SIZE_MAX - 63) / sizeof(T);
    if (count < 0 || static_cast<uint64_t>(count) > limit) return false;
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 63) / 64 * 64;
    std::free(data_);
    data_ = static_cast<T*>(std::aligned_alloc(64, bytes == 0 ? 64 : bytes));
    return data_ != nullptr;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int64_t at) { return data_[at]; }
  const T& operator[](int64_t at) const { return data_[at]; }

 private:
  T* data_ = nullptr;
};

}  // namespace vecd
