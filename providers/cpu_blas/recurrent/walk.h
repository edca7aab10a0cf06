// The walk of a recurrent cell over time: what its threads share, and the steps of one of them. A team is the threads
// that compute the same sequences in the same direction, each some of the units.
#pragma once

#include <atomic>

#include "recurrent/weights.h"

namespace tenon::cpu_blas {

/// The stages that threads go through together: each is of as many parts as there are members, and begins when all
/// parts of the one before are done. A member does its own part, which keeps weights in its core's cache, and those of
/// others that have not come (yet), or are kept from running. So any number of members may come, at any time, and
/// nobody waits for one that does not run.
class Team {
 public:
  Team(int64_t members, int64_t stages);
  /// Calls body(part, stage) for what falls to `member`; returns when all stages are done, or `stops` says so.
  template <typename Body, typename Stops>
  void work(int64_t member, const Body& body, const Stops& stops) {
    joined_[member] = true;
    for (int64_t stage; (stage = open_stage()) < stages_ && !is_stopped_;) {
      if (member == 0 && stops()) is_stopped_ = true;
      for (int64_t part = 0; part < members_; ++part)
        if ((part == member || !joined_[part]) && claim(part, stage)) body(part, stage), ++done_;
      for (int64_t part; !await(stage, &part);)
        if (claim(part, stage)) body(part, stage), ++done_;
    }
  }

 private:
  int64_t open_stage() const { return done_ / members_; }
  bool claim(int64_t part, int64_t stage) { return next_[part].compare_exchange_strong(stage, stage + 1); }
  /// Waits for the others' parts; false: `part` is late.
  bool await(int64_t stage, int64_t* part) const;

  static constexpr int64_t kMost = 64;
  const int64_t members_, stages_;
  std::atomic<int64_t> done_{0};           // parts, of all stages
  std::atomic<int64_t> next_[kMost] = {};  // of each part the stage that nobody has claimed
  std::atomic<bool> joined_[kMost] = {};
  std::atomic<bool> is_stopped_{false};

 public:
  static constexpr int64_t kMostMembers = kMost;
};

/// Buffers of a run. States are rows of padded() floats, for each direction one per sequence.
struct WalkMemory {
  float* inputs = nullptr;      // of each direction the product of the times at hand: one row per time and sequence
  float* sums = nullptr;        // of each direction and sequence, the products of a step
  float* gated = nullptr;       // GRU of two parts: of each direction and sequence, the gated state ...
  float* candidates = nullptr;  // ... and its product
  float* h[2] = {};             // the old and the new state, in turn
  float* c = nullptr;           // LSTM
  float* peepholes = nullptr;   // LSTM: of each direction three rows, or null
  float* y = nullptr;           // output Y, or null
};

struct Walk {
  const Cell* cell;
  const RecurrentWeights* weights;
  const float* packed;
  const sdk::RecurrentShape* shape;
  WalkMemory memory;
  int64_t most_times;  // at a time

  bool is_reversed(int64_t d) const { return d == 1 || cell->attributes.starts_reversed; }
  /// Of `count` times from the walk's `done`-th on, the first in X.
  int64_t first_time(int64_t d, int64_t done, int64_t count) const {
    return is_reversed(d) ? shape->time - done - count : done;
  }
};

/// Sequences and units of one thread.
struct Share {
  int64_t direction, first_sequence, last_sequence, first_unit, last_unit;
};

/// How many stages a step has.
inline int64_t stages_of(const Cell& cell) {
  return cell.has_two_parts() ? 2 : 1;
}

/// Computes the share's part of one stage, of those of the walk's times [done, done + count), whose products with the
/// inputs are there.
void walk_stage(const Walk& walk, const Share& share, int64_t done, int64_t count, int64_t stage);

}  // namespace tenon::cpu_blas
