// The way of one run at a time between host and worker: a piece of the shared heap in which the two take turns. Either
// side can write anywhere in it at any time, so each reads once what the other said, and judges what it has read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tenon::host {

constexpr uint32_t kLaneTextBytes = 64 << 10;

enum class LaneSide : uint32_t { kHost = 1, kWorker = 2 };

enum class LaneAsk : uint32_t {
  kRun,      // host: run `jobs` kernels, the first by the job at `first_job` of the heap
  kAnswer,   // host: to what the worker asked; an error is in `code` and `text`
  kOutput,   // worker: memory for output `index`, as in `tensor`
  kStrings,  // worker: elements of output `index`, in `text`: LaneString and bytes; `count` 1: the last goes on
  kPhase,    // worker: the name is `text`
  kCount,    // worker: `count` of counter `index`
  kDone      // worker: all have returned, or the one of number `progress` has failed
};

/// Before the bytes of an element of a string output.
struct LaneString {
  int64_t element;
  uint64_t bytes;
};

/// A tensor by its place. `segment`: as in protocol.fbs. Strings: for each element length (uint64) and bytes.
struct LaneTensor {
  uint32_t is_given;  // of an input: it is not left out; of an output: it is wanted
  uint32_t dtype, rank, flags;
  uint32_t segment;
  uint32_t is_writable;  // its memory may be an output's, too
  uint64_t offset, bytes;
  int64_t shape[64];
};

/// What one run of one kernel takes. Behind it lie its inputs, then its outputs, each a LaneTensor.
struct LaneJob {
  uint64_t next;  // where the next one is
  uint64_t kernel;
  uint32_t input_count, output_count;
  uint32_t max_workers;
  uint32_t is_foreseen;  // outputs that are wanted have their memory here: nothing is asked for
};
constexpr uint64_t job_bytes(uint64_t tensors) {
  return sizeof(LaneJob) + tensors * sizeof(LaneTensor);
}
inline LaneTensor* tensors_of(LaneJob& job) {
  return reinterpret_cast<LaneTensor*>(&job + 1);
}

struct Lane {
  std::atomic<uint32_t> turn;      // LaneSide; what waits sleeps on it
  std::atomic<uint32_t> sleepers;  // a bit for each side that may sleep
  std::atomic<uint32_t> stop;      // host, at any time: the run is to end early
  LaneAsk ask;
  uint64_t first_job;
  uint32_t jobs;
  std::atomic<uint32_t> progress;  // worker: the number of the job that is run
  uint32_t is_profiled;
  uint32_t index;
  uint32_t code;
  uint64_t count;
  uint64_t text_bytes;
  LaneTensor tensor;
  char text[kLaneTextBytes];
};
static_assert(std::atomic<uint32_t>::is_always_lock_free);

/// Gives the turn to `side`, and wakes it.
void pass_turn(Lane& lane, LaneSide side);
/// Wakes who sleeps, whose turn it may not be.
void wake_sleepers(Lane& lane);
/// Whether it is the turn of `side`: waits for it, awake at first, then asleep, for about `patience` at most.
[[nodiscard]] bool wait_for_turn(Lane& lane, LaneSide side, std::chrono::microseconds awake,
                                 std::chrono::milliseconds patience);

}  // namespace tenon::host
