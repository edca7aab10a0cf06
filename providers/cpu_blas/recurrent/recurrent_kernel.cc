// RNN, GRU and LSTM. The products of all inputs with W are one, over all threads; then steps follow in time, each a
// product of the states with R, packed so that a thread has all gates of its units, and the gates' functions.
// Directions and groups of sequences go to different threads; of few sequences the units do, and their threads keep
// step. Constant weights are packed while the session opens, others in each run.
#include <algorithm>
#include <deque>
#include <numeric>

#include "common.h"
#include "packed_b.h"
#include "recurrent/walk.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kMostInputFloats = int64_t{1} << 21;  // of products with inputs that wait for their steps, about
constexpr int64_t kSequencesOfThread = 6;               // at least, where they are dealt out: a tile's rows
// A thread's share of a step, below which waiting for each other at its end costs more than it saves.
constexpr double kLeastStepNs = 1500;

class Recurrent final : public sdk::Kernel {
 public:
  Recurrent(std::string node, Cell cell) : node_(std::move(node)), cell_(std::move(cell)) {}

  /// To be packed while the session opens: W, R and B (3, or none).
  void pack_constants(int64_t inputs, int64_t hidden, bool has_bias) {
    inputs_ = inputs, hidden_ = hidden;
    packed_inputs_ = has_bias ? std::vector<uint32_t>{1, 2, 3} : std::vector<uint32_t>{1, 2};
  }

  uint32_t pack_count() const override { return packed_inputs_.empty() ? 0 : 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override {
    const RecurrentWeights weights(cell_, inputs_, hidden_);
    TN_ASSIGN_OR_RETURN(const int64_t count, weights.float_count());
    sdk::PackPlan plan;
    plan.byte_length = static_cast<uint64_t>(count) * sizeof(float);
    plan.key = weights.key();
    plan.inputs = packed_inputs_;
    return plan;
  }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    const RecurrentWeights weights(cell_, inputs_, hidden_);
    weights.pack(pack.source(0).data<float>(), pack.source(1).data<float>(),
                 pack.source_count() > 2 ? pack.source(2).data<float>() : nullptr, static_cast<float*>(pack.blob()));
    return {};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_ = static_cast<const float*>(blob);
    return {};
  }

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  sdk::Status fill_memory(sdk::RunContext& run, Walk& walk) const;
  sdk::Status take_outputs(sdk::RunContext& run, const sdk::RecurrentShape& shape, float** outputs) const;
  void multiply_inputs(sdk::RunContext& run, const Walk& walk, int64_t done, int64_t count) const;
  void take_steps(sdk::RunContext& run, const Walk& walk, int64_t done, int64_t count) const;

  std::string node_;
  Cell cell_;
  int64_t inputs_ = 0, hidden_ = 0;
  std::vector<uint32_t> packed_inputs_;
  const float* packed_ = nullptr;
};

sdk::Status Recurrent::take_outputs(sdk::RunContext& run, const sdk::RecurrentShape& shape, float** outputs) const {
  const sdk::Shape y = shape.y_shape(), state = shape.state_shape();
  for (uint32_t i = 0; i <= cell_.attributes.states; ++i) {
    if (!run.output_wanted(i)) continue;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView out, run.output(i, TN_FLOAT, i == 0 ? y : state));
    outputs[i] = out.data<float>();
  }
  // Behind the end of a sequence Y is 0.
  for (int64_t b = 0; outputs[0] != nullptr && b < shape.batch; ++b)
    for (int64_t t = shape.lengths[static_cast<size_t>(b)]; t < shape.time; ++t)
      for (int64_t d = 0; d < shape.directions; ++d) std::fill_n(outputs[0] + shape.y_row(t, d, b), shape.hidden, 0.0f);
  return {};
}

sdk::Status Recurrent::fill_memory(sdk::RunContext& run, Walk& walk) const {
  const sdk::RecurrentShape& s = *walk.shape;
  const RecurrentWeights& w = *walk.weights;
  const int64_t rows = s.directions * s.batch, padded = w.padded();
  WalkMemory& m = walk.memory;
  const auto room = [&](int64_t count, int64_t columns, float** to) -> sdk::Status {
    int64_t floats;
    if (__builtin_mul_overflow(count, columns, &floats))
      return sdk::invalid_argument(node_, ": ", count, " rows of ", columns, " floats are too many");
    TN_ASSIGN_OR_RETURN(*to, run.scratch<float>(static_cast<size_t>(floats)));
    return {};
  };
  const auto first_state = [&](uint32_t input, float* to) {
    std::fill_n(to, rows * padded, 0.0f);
    for (int64_t d = 0; run.has_input(input) && d < s.directions; ++d)
      for (int64_t b = 0; b < s.batch; ++b)
        std::copy_n(run.input(input).data<float>() + s.state_row(d, b), s.hidden, to + (d * s.batch + b) * padded);
  };
  TN_RETURN_IF_ERROR(room(rows * walk.most_times, w.input_columns(), &m.inputs));
  TN_RETURN_IF_ERROR(room(rows, w.state_columns(), &m.sums));
  TN_RETURN_IF_ERROR(room(rows, padded, &m.h[0]));
  TN_RETURN_IF_ERROR(room(rows, padded, &m.h[1]));
  first_state(5, m.h[0]);
  if (cell_.has_two_parts()) {
    TN_RETURN_IF_ERROR(room(rows, padded, &m.gated));
    TN_RETURN_IF_ERROR(room(rows, w.gated_columns(), &m.candidates));
  }
  if (cell_.kind != CellKind::kLstm) return {};
  TN_RETURN_IF_ERROR(room(rows, padded, &m.c));
  first_state(6, m.c);
  if (!run.has_input(7)) return {};
  TN_RETURN_IF_ERROR(room(s.directions * 3, padded, &m.peepholes));
  std::fill_n(m.peepholes, s.directions * 3 * padded, 0.0f);
  for (int64_t row = 0; row < s.directions * 3; ++row)
    std::copy_n(run.input(7).data<float>() + row * s.hidden, s.hidden, m.peepholes + row * padded);
  return {};
}

void Recurrent::multiply_inputs(sdk::RunContext& run, const Walk& walk, int64_t done, int64_t count) const {
  const sdk::RecurrentShape& s = *walk.shape;
  const int64_t columns = walk.weights->input_columns();
  for (int64_t d = 0; d < s.directions; ++d) {
    const RecurrentWeights::Direction w = walk.weights->direction(walk.packed, d);
    const int64_t start = walk.first_time(d, done, count);
    PackedProduct p;
    p.m = count * s.batch, p.n = columns, p.k = s.inputs;
    p.a = run.input(0).data<float>() + s.x_row(start, 0), p.lda = s.inputs;
    p.panels = w.w;
    p.c = walk.memory.inputs + d * walk.most_times * s.batch * columns, p.ldc = columns;
    Epilogue epilogue;
    epilogue.column_shift = w.input_bias;
    // With the batch first the times of a sequence are neighbours, but those of two are not unless all are there.
    const int64_t pieces = s.is_batch_first && count < s.time ? s.batch : 1;
    p.m /= pieces;
    for (int64_t b = 0; b < pieces; ++b, p.a += s.time * s.inputs, p.c += count * columns)
      multiply_packed_uncounted(run, p, epilogue);
  }
}

void Recurrent::take_steps(sdk::RunContext& run, const Walk& walk, int64_t done, int64_t count) const {
  const sdk::RecurrentShape& s = *walk.shape;
  const int64_t workers = run.max_workers(), spare = std::max<int64_t>(workers / s.directions, 1);
  const double step_ns = gemm_cost_ns(s.batch, cell_.gates() * s.hidden, s.hidden);
  const int64_t groups = std::clamp<int64_t>(s.batch / kSequencesOfThread, 1, spare);
  // Shares begin at whole panels, whatever the number of gates and of a panel's vectors.
  const int64_t unit_block = 4 * simd::vector_width();
  int64_t parts = groups > 1 ? 1 : std::min(spare, ceil_div(s.hidden, unit_block));
  parts = std::min(parts, Team::kMostMembers);
  while (parts > 1 && step_ns / static_cast<double>(parts) < kLeastStepNs) --parts;
  const auto share_of = [&](int64_t index) {
    const int64_t part = index % parts, group = index / parts % groups, d = index / parts / groups;
    const int64_t blocks = ceil_div(s.hidden, unit_block);
    return Share{d, group * s.batch / groups, (group + 1) * s.batch / groups, part * blocks / parts * unit_block,
                 std::min(s.hidden, (part + 1) * blocks / parts * unit_block)};
  };
  const int64_t teams = s.directions * groups, stages = count * stages_of(cell_);
  std::deque<Team> all;
  for (int64_t team = 0; team < teams; ++team) all.emplace_back(parts, stages);
  run.parallel_for(
      teams * parts, step_ns * static_cast<double>(count) / static_cast<double>(groups * parts),
      [&](int64_t begin, int64_t end) {
        for (int64_t index = begin; index < end; ++index) {
          const int64_t first = index / parts * parts;
          all[static_cast<size_t>(index / parts)].work(
              index % parts,
              [&](int64_t part, int64_t stage) { walk_stage(walk, share_of(first + part), done, count, stage); },
              [&] { return run.cancelled(); });
        }
      },
      1);
}

sdk::Status Recurrent::run(sdk::RunContext& run) const {
  TN_ASSIGN_OR_RETURN(const sdk::RecurrentShape shape, cell_.attributes.resolve_run(run));
  const sdk::Shape peepholes{shape.directions, 3 * shape.hidden};
  if (cell_.kind == CellKind::kLstm && run.has_input(7) &&
      !std::equal(peepholes.begin(), peepholes.end(), run.input(7).shape().begin(), run.input(7).shape().end()))
    return sdk::invalid_argument("input P has shape ", sdk::shape_text(run.input(7).shape()), ", expected ",
                                 sdk::shape_text(peepholes), ": directions x 3*hidden");
  float* outputs[3] = {};
  TN_RETURN_IF_ERROR(take_outputs(run, shape, outputs));
  if (shape.batch == 0 || shape.hidden == 0) return {};
  const RecurrentWeights weights(cell_, shape.inputs, shape.hidden);
  Walk walk{&cell_, &weights, packed_, &shape, {}, 1};
  if (packed_ == nullptr) {
    TN_ASSIGN_OR_RETURN(const int64_t count, weights.float_count());
    TN_ASSIGN_OR_RETURN(float* const packed, run.scratch<float>(static_cast<size_t>(count)));
    weights.pack(run.input(1).data<float>(), run.input(2).data<float>(),
                 run.has_input(3) ? run.input(3).data<float>() : nullptr, packed);
    walk.packed = packed;
  }
  const int64_t row_floats = shape.batch * weights.input_columns();
  walk.most_times = std::clamp<int64_t>(kMostInputFloats / row_floats, 1, std::max<int64_t>(shape.time, 1));
  TN_RETURN_IF_ERROR(fill_memory(run, walk));
  walk.memory.y = outputs[0];
  const int64_t steps = shape.directions * std::accumulate(shape.lengths.begin(), shape.lengths.end(), int64_t{0});
  run.count_products(cell_.gates() * shape.hidden, 1, shape.inputs + shape.hidden, steps);
  for (int64_t done = 0; done < shape.time && !run.cancelled(); done += walk.most_times) {
    const int64_t count = std::min(walk.most_times, shape.time - done);
    multiply_inputs(run, walk, done, count);
    take_steps(run, walk, done, count);
  }
  const float* const last[] = {walk.memory.h[shape.time % 2], walk.memory.c};
  for (uint32_t i = 0; i < cell_.attributes.states; ++i)
    for (int64_t d = 0; outputs[1 + i] != nullptr && d < shape.directions; ++d)
      for (int64_t b = 0; b < shape.batch; ++b)
        std::copy_n(last[i] + (d * shape.batch + b) * weights.padded(), shape.hidden,
                    outputs[1 + i] + shape.state_row(d, b));
  return {};
}

/// The float constant has that shape, as known while the session opens.
bool is_constant(const sdk::TensorView& info, const sdk::Shape& shape) {
  return info.is_constant() && info.dtype() == TN_FLOAT && info.has_rank() &&
         std::equal(shape.begin(), shape.end(), info.shape().begin(), info.shape().end());
}

sdk::Result<sdk::KernelPtr> make_recurrent(const sdk::KernelInfo& info, CellKind kind) {
  TN_ASSIGN_OR_RETURN(Cell cell, Cell::parse(info, kind));
  const int64_t directions = cell.attributes.directions, gates = cell.gates();
  auto kernel = std::make_unique<Recurrent>(describe(info), std::move(cell));
  const sdk::TensorView w = info.input(1).info(), r = info.input(2).info();
  if (!w.has_rank() || !r.has_rank() || w.rank() != 3 || r.rank() != 3) return sdk::KernelPtr(std::move(kernel));
  const int64_t inputs = w.dim(2), hidden = r.dim(2);
  const bool has_bias = bool(info.input(3));
  if (inputs >= 0 && hidden >= 1 && hidden < INT64_MAX / 64 && is_constant(w, {directions, gates * hidden, inputs}) &&
      is_constant(r, {directions, gates * hidden, hidden}) &&
      (!has_bias || is_constant(info.input(3).info(), {directions, 2 * gates * hidden})))
    kernel->pack_constants(inputs, hidden, has_bias);
  return sdk::KernelPtr(std::move(kernel));
}

}  // namespace

sdk::Result<Cell> Cell::parse(const sdk::KernelInfo& info, CellKind kind) {
  Cell cell;
  cell.kind = kind;
  const int64_t gates = kind == CellKind::kRnn ? 1 : kind == CellKind::kGru ? 3 : 4;
  TN_ASSIGN_OR_RETURN(cell.attributes, sdk::RecurrentAttributes::parse(info, gates, kind == CellKind::kLstm ? 2 : 1));
  std::vector<std::string> defaults{"Sigmoid", "Tanh", "Tanh"};
  if (kind == CellKind::kRnn) defaults = {"Tanh"};
  if (kind == CellKind::kGru) defaults = {"Sigmoid", "Tanh"};
  TN_ASSIGN_OR_RETURN(cell.functions, sdk::parse_gate_activations(info, defaults, cell.attributes.directions));
  cell.resets_after = kind == CellKind::kGru && info.attr_int("linear_before_reset", 0) != 0;
  cell.couples_forget = kind == CellKind::kLstm && info.attr_int("input_forget", 0) != 0;
  return cell;
}

sdk::Result<sdk::KernelPtr> make_rnn(const sdk::KernelInfo& info) {
  return make_recurrent(info, CellKind::kRnn);
}
sdk::Result<sdk::KernelPtr> make_gru(const sdk::KernelInfo& info) {
  return make_recurrent(info, CellKind::kGru);
}
sdk::Result<sdk::KernelPtr> make_lstm(const sdk::KernelInfo& info) {
  return make_recurrent(info, CellKind::kLstm);
}

}  // namespace tenon::cpu_blas
