// One run of a node: its inputs, its outputs, and the threads that share the work.
#pragma once

#include "tensor.h"

namespace vecd {

class Run : public Failures {
 public:
  Run(const Api& api, const Signature& signature, KernelContext* context)
      : Failures(api, signature), context_(context) {}

  // Fails unless type and shape are as expected.
  Status* input(size_t index, const Shape& expected, Tensor* tensor) const;

  // Gives null where the graph does not use an optional output.
  template <class T>
  Status* output(size_t index, const Shape& shape, T** data) const {
    void* memory = nullptr;
    VECD_TRY(output_memory(index, shape, &memory));
    *data = static_cast<T*>(memory);
    return nullptr;
  }

  // Calls work(begin, end) for runs that cover 0 to `items`, at most `tasks` of them, on whichever threads are free.
  template <class Work>
  Status* split(int64_t items, int64_t tasks, const Work& work) const {
    if (items == 0) return nullptr;
    if (tasks > items) tasks = items;
    if (tasks <= 1) {
      work(int64_t{0}, items);
      return nullptr;
    }
    Division<Work> division{&work, items, tasks};
    return api_.parallel_for(context_, &Division<Work>::step, static_cast<size_t>(tasks), &division);
  }

 private:
  template <class Work>
  struct Division {
    const Work* work;
    int64_t items, tasks;

    static void step(void* self, size_t index) {
      const auto& division = *static_cast<Division*>(self);
      const auto at = static_cast<int64_t>(index);
      (*division.work)(division.start_of(at), division.start_of(at + 1));
    }
    // items * at / tasks, without the product that may not fit.
    int64_t start_of(int64_t at) const { return items / tasks * at + items % tasks * at / tasks; }
  };

  Status* output_memory(size_t index, const Shape& shape, void** memory) const;

  KernelContext* context_;
};

// How many tasks some work is worth: starting a thread on less than `least_cost` takes longer than it saves.
inline int64_t tasks_for(int64_t cost, int64_t least_cost, int64_t most) {
  const int64_t tasks = cost / least_cost;
  return tasks < 1 ? 1 : tasks > most ? most : tasks;
}

}  // namespace vecd
