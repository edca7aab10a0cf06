// The cell of LSTM, whose gates lie in the order i, o, f, c and whose peepholes P in the order i, o, f:
//   i = f(Wi x + Wbi + Ri h + Rbi + Pi C), f likewise, or 1 - i with input_forget
//   c = g(Wc x + Wbc + Rc h + Rbc), C = f C + i c
//   o = f(Wo x + Wbo + Ro h + Rbo + Po C), h = o h(C)
// The threshold `clip` bounds what the functions are applied to: in ONNX all, in ONNX Runtime's operators not C.
#pragma once

#include "recurrent/recurrent.h"

namespace tenon::cpu_ref {

class LstmCell {
 public:
  static constexpr uint32_t kPeepholes = 7;

  LstmCell(std::vector<GateActivation> activations, bool couples_forget, bool clips_cell)
      : activations_(std::move(activations)), couples_forget_(couples_forget), clips_cell_(clips_cell) {}

  static sdk::Result<LstmCell> read(const sdk::KernelInfo& info, int64_t directions, bool clips_cell) {
    TN_ASSIGN_OR_RETURN(auto activations, read_activations(info, {"Sigmoid", "Tanh", "Tanh"}, directions));
    return LstmCell(std::move(activations), info.attr_int("input_forget", 0) != 0, clips_cell);
  }

  /// Of the input P: directions x 3*hidden.
  static sdk::Status check_peepholes(const sdk::RunContext& run, const RecurrentShape& shape) {
    return check_shape(run, kPeepholes, "P", {shape.directions, 3 * shape.hidden}, "directions x 3*hidden");
  }

  /// x: the inputs of one time. lane.states are h and C; lane.room has 4 * hidden doubles for the cell.
  template <typename T, typename X>
  void step(const sdk::RunContext& run, const RecurrentWeights<T>& w, const X* x, const RecurrentLane& lane) const {
    const int64_t H = w.hidden;
    const GateActivation* const functions = activations_.data() + 3 * lane.direction;
    double *const h = lane.states, *const c = h + H, *const gates = lane.room;
    for (int64_t row = 0; row < 4 * H; ++row) gates[row] = w.of_input(row, x) + w.of_state(row, h);
    const T* const p = run.has_input(kPeepholes) ? run.input(kPeepholes).data<T>() + lane.direction * 3 * H : nullptr;
    const auto peep = [&](int64_t gate, int64_t j) { return p == nullptr ? 0.0 : double(p[gate * H + j]) * c[j]; };
    for (int64_t j = 0; j < H; ++j) {
      const double in = functions[0](gates[j] + peep(0, j));
      const double forget = couples_forget_ ? 1 - in : functions[0](gates[2 * H + j] + peep(2, j));
      c[j] = forget * c[j] + in * functions[1](gates[3 * H + j]);
      const double cell = clips_cell_ ? functions[2](c[j]) : functions[2].unclipped(c[j]);
      h[j] = functions[0](gates[H + j] + peep(1, j)) * cell;
    }
  }

 private:
  std::vector<GateActivation> activations_;
  bool couples_forget_, clips_cell_;
};

}  // namespace tenon::cpu_ref
