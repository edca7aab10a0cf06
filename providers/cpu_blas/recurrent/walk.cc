#include "recurrent/walk.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <thread>

#include "common.h"
#include "packed_b.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int kSpins = 200;    // until a part that is not begun is late: some microseconds
constexpr int kPatience = 20;  // times as many, until the thread gives up its core

/// One step of a range of sequences that all go on.
class Step {
 public:
  Step(const Walk& walk, const Share& share) : walk_(walk), share_(share), w_(*walk.weights), m_(walk.memory) {
    at_ = w_.direction(walk.packed, share.direction);
    functions_ = walk.cell->functions.data() + share.direction * walk.cell->functions_per_direction();
  }

  /// The first product and what follows it. `x`: the gates of the inputs of sequence `first`, x_stride from one
  /// sequence to the next; `t`: the time of X.
  void first_part(int64_t first, int64_t count, int turn, const float* x, int64_t x_stride, int64_t t) const {
    const Cell& cell = *walk_.cell;
    float* const sums = m_.sums + row(first) * w_.state_columns();
    const float* const bias = cell.resets_after ? at_.state_bias : nullptr;
    multiply(m_.h[turn] + row(first) * w_.padded(), count, at_.r, w_.state_columns(), bias, sums);
    simd::CellStep step = cells(first, count, turn, x, x_stride);
    step.s = sums;
    step.s_stride = w_.state_columns();
    if (cell.has_two_parts()) {
      step.h_next = m_.gated + row(first) * w_.padded();
    } else {
      step.y = y_of(t, first);
    }
    simd::finish_cells(cell.first_part(), step);
  }

  /// Of a cell of two parts the other one, once all units' gated states are there.
  void second_part(int64_t first, int64_t count, int turn, const float* x, int64_t x_stride, int64_t t) const {
    float* const sums = m_.candidates + row(first) * w_.gated_columns();
    multiply(m_.gated + row(first) * w_.padded(), count, at_.gated_r, w_.gated_columns(), nullptr, sums);
    simd::CellStep step = cells(first, count, turn, x, x_stride);
    step.s = sums;
    step.s_stride = w_.gated_columns();
    step.z = m_.sums + row(first) * w_.state_columns();
    step.z_stride = w_.state_columns();
    step.y = y_of(t, first);
    simd::finish_cells(simd::CellPart::kGruState, step);
  }

  /// Sequences that are at their end, or not yet begun, keep their states.
  void keep(int64_t first, int64_t count, int turn) const {
    for (int64_t b = first; b < first + count; ++b) {
      const int64_t at = row(b) * w_.padded() + share_.first_unit;
      std::copy_n(m_.h[turn] + at, share_.last_unit - share_.first_unit, m_.h[1 - turn] + at);
    }
  }

 private:
  int64_t row(int64_t sequence) const { return share_.direction * walk_.shape->batch + sequence; }

  float* y_of(int64_t t, int64_t sequence) const {
    return m_.y == nullptr ? nullptr : m_.y + walk_.shape->y_row(t, share_.direction, sequence);
  }

  /// The share's columns of rows of padded() floats times panels.
  void multiply(const float* a, int64_t rows, const float* panels, int64_t columns, const float* bias, float* c) const {
    PackedProduct p;
    p.m = rows, p.n = columns, p.k = walk_.shape->hidden;
    p.a = a, p.lda = w_.padded();
    p.panels = panels;
    p.c = c, p.ldc = columns;
    Epilogue epilogue;
    epilogue.column_shift = bias;
    const int64_t gates = columns / w_.padded();
    multiply_packed_columns(p, epilogue, share_.first_unit * gates,
                            round_up(share_.last_unit, simd::vector_width()) * gates);
  }

  simd::CellStep cells(int64_t first, int64_t count, int turn, const float* x, int64_t x_stride) const {
    const int64_t state = row(first) * w_.padded();
    simd::CellStep step{};
    step.begin = share_.first_unit, step.end = share_.last_unit, step.rows = count;
    step.x = x, step.x_stride = x_stride;
    step.h = m_.h[turn] + state;
    step.h_next = m_.h[1 - turn] + state;
    step.c = m_.c == nullptr ? nullptr : m_.c + state;
    step.state_stride = w_.padded();
    step.peepholes = m_.peepholes == nullptr ? nullptr : m_.peepholes + share_.direction * 3 * w_.padded();
    const sdk::RecurrentShape& shape = *walk_.shape;
    step.y_stride = shape.is_batch_first ? shape.time * shape.directions * shape.hidden : shape.hidden;
    step.functions = functions_;
    step.couples_forget = walk_.cell->couples_forget;
    return step;
  }

  const Walk& walk_;
  const Share& share_;
  const RecurrentWeights& w_;
  const WalkMemory& m_;
  RecurrentWeights::Direction at_;
  const sdk::GateActivation* functions_;
};

/// Calls body(first, count, goes_on) for each run of neighbours among the share's sequences that do or do not reach t.
template <typename Body>
void for_each_run(const sdk::RecurrentShape& shape, const Share& share, int64_t t, const Body& body) {
  for (int64_t first = share.first_sequence, last; first < share.last_sequence; first = last) {
    const bool goes_on = t < shape.lengths[static_cast<size_t>(first)];
    last = first + 1;
    while (last < share.last_sequence && (t < shape.lengths[static_cast<size_t>(last)]) == goes_on) ++last;
    body(first, last - first, goes_on);
  }
}

}  // namespace

Team::Team(int64_t members, int64_t stages) : members_(members), stages_(stages) {}

bool Team::await(int64_t stage, int64_t* part) const {
  for (int spins = 1; open_stage() <= stage && !is_stopped_; ++spins) {
    hwy::Pause();
    if (spins % kSpins != 0) continue;
    for (*part = 0; *part < members_; ++*part)
      if (next_[*part] == stage) return false;
    if (spins / kSpins > kPatience) std::this_thread::yield();
  }
  return true;
}

void walk_stage(const Walk& walk, const Share& share, int64_t done, int64_t count, int64_t stage) {
  const sdk::RecurrentShape& shape = *walk.shape;
  const RecurrentWeights& w = *walk.weights;
  const Step step(walk, share);
  const int64_t d = share.direction, columns = w.input_columns(), parts = stages_of(*walk.cell), i = stage / parts;
  const float* const inputs = walk.memory.inputs + d * walk.most_times * shape.batch * columns;
  const int64_t x_stride = shape.is_batch_first ? count * columns : columns;
  const int64_t at = walk.is_reversed(d) ? count - 1 - i : i, t = walk.first_time(d, done, count) + at;
  const int turn = static_cast<int>((done + i) % 2);
  for_each_run(shape, share, t, [&](int64_t first, int64_t rows, bool goes_on) {
    const float* const x = inputs + (shape.is_batch_first ? first * count + at : at * shape.batch + first) * columns;
    if (stage % parts == 1) {
      if (goes_on) step.second_part(first, rows, turn, x, x_stride, t);
    } else if (goes_on) {
      step.first_part(first, rows, turn, x, x_stride, t);
    } else {
      step.keep(first, rows, turn);
    }
  });
}

}  // namespace tenon::cpu_blas
