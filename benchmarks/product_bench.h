// What the programs share that time products of cpu_blas apart from a session: a run to call them in, a clock, memory.
#pragma once

#include <tenon/kernel_api/run.h>
#include <time.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <tenon/sdk/run.hpp>

#include "host/threads/thread_pool.h"

namespace tenon::bench {

/// Of the runs that make_context() makes.
inline unsigned threads = 1;

using Bytes = std::unique_ptr<void, decltype(&std::free)>;
using Floats = std::unique_ptr<float, decltype(&std::free)>;

/// Uninitialized, aligned to 64 bytes.
inline Bytes make_bytes(size_t count) {
  return {std::aligned_alloc(64, (count + 63) / 64 * 64), &std::free};
}

inline Floats make_floats(size_t count) {
  Floats floats(static_cast<float*>(make_bytes(count * sizeof(float)).release()), &std::free);
  std::mt19937 generator(7);
  for (size_t i = 0; i < count; ++i) floats.get()[i] = static_cast<float>(generator() % 1000) * 1e-3f - 0.5f;
  return floats;
}

/// The part of a run that products use. Of scratch memory the last four pieces that were asked for hold.
inline sdk::RunContext make_context() {
  static const tn_run_api run = [] {
    tn_run_api api{};
    api.struct_size = sizeof api;
    api.max_workers = [](tn_run*) -> uint32_t { return threads; };
    api.cancelled = [](tn_run*) { return false; };
    api.scratch = [](tn_run*, size_t bytes, size_t) {
      static struct {
        Bytes memory = make_bytes(0);
        size_t size = 0;
      } pieces[4];
      static unsigned next = 0;
      auto& piece = pieces[next++ % 4];
      if (bytes > piece.size) piece.memory = make_bytes(piece.size = bytes);
      return piece.memory.get();
    };
    api.parallel_for = [](tn_run*, const tn_parallel* work) -> tn_status* {
      const auto body = [](void* arg, uint32_t worker, int64_t begin, int64_t end) {
        const auto* w = static_cast<const tn_parallel*>(arg);
        w->body(w->arg, worker, begin, end);
      };
      host::ThreadPool::process().parallel_for(work->count, work->item_cost_ns, threads, body,
                                               const_cast<tn_parallel*>(work), work->grain);
      return nullptr;
    };
    return api;
  }();
  static const tn_host host = [] {
    tn_host h{};
    h.struct_size = sizeof h;
    h.run = &run;
    return h;
  }();
  return sdk::RunContext(&host, nullptr);
}

/// Seconds: the CPU time of the calling thread where it is the only one, else the wall's.
inline double now() {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace tenon::bench
