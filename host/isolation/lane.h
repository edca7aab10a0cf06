// The way of one run at a time between host and worker: a piece of the shared heap in which the two take turns. Either
// side can write anywhere in it at any time, so each reads once what the other said, and judges what it has read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tenon::host {

/// Of tensors that a lane carries; kernels of more inputs are not made by a worker.
constexpr uint32_t kMostLaneInputs = 1024;
constexpr uint32_t kMostLaneOutputs = 1024;
constexpr uint32_t kLaneTextBytes = 64 << 10;

enum class LaneSide : uint32_t { kHost = 1, kWorker = 2 };

enum class LaneAsk : uint32_t {
  kRun,      // host: run `kernel`
  kAnswer,   // host: to what the worker asked; an error is in `code` and `text`
  kOutput,   // worker: memory for output `index`, as in `tensor`
  kStrings,  // worker: elements of output `index`, in `text`: LaneString and bytes; `count` 1: the last goes on
  kPhase,    // worker: the name is `text`
  kCount,    // worker: `count` of counter `index`
  kDone      // worker: the kernel has returned
};

/// Before the bytes of an element of a string output.
struct LaneString {
  int64_t element;
  uint64_t bytes;
};

/// A tensor by its place. `segment`: as in protocol.fbs. Strings: for each element length (uint64) and bytes.
struct LaneTensor {
  uint32_t is_given;
  uint32_t dtype, rank, flags;
  uint32_t segment;
  uint32_t is_writable;  // its memory may be an output's, too
  uint64_t offset, bytes;
  int64_t shape[64];
};

struct Lane {
  std::atomic<uint32_t> turn;      // LaneSide; what waits sleeps on it
  std::atomic<uint32_t> sleepers;  // a bit for each side that may sleep
  std::atomic<uint32_t> stop;      // host, at any time: the run is to end early
  LaneAsk ask;
  uint64_t kernel;
  uint32_t input_count, output_count;
  uint32_t max_workers;
  uint32_t is_profiled;
  uint32_t index;
  uint32_t code;
  uint64_t count;
  uint64_t text_bytes;
  LaneTensor tensor;
  uint8_t wanted[kMostLaneOutputs];
  char text[kLaneTextBytes];
  LaneTensor inputs[kMostLaneInputs];
};
static_assert(std::atomic<uint32_t>::is_always_lock_free);

/// Gives the turn to `side`, and wakes it.
void pass_turn(Lane& lane, LaneSide side);
/// Whether it is the turn of `side`: waits for it, awake at first, then asleep, for about `patience` at most.
[[nodiscard]] bool wait_for_turn(Lane& lane, LaneSide side, std::chrono::microseconds awake,
                                 std::chrono::milliseconds patience);

}  // namespace tenon::host
