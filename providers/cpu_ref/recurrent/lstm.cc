// LSTM, whose gates lie in the order i, o, f, c and whose peepholes P in the order i, o, f:
//   i = f(Wi x + Wbi + Ri h + Rbi + Pi C), f likewise, or 1 - i with input_forget
//   c = g(Wc x + Wbc + Rc h + Rbc), C = f C + i c
//   o = f(Wo x + Wbo + Ro h + Rbo + Po C), h = o h(C)
#include "recurrent/recurrent.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kPeepholes = 7;

class Lstm final : public sdk::Kernel {
 public:
  Lstm(RecurrentAttributes attributes, std::vector<Activation> activations, bool couples_forget)
      : attributes_(attributes), activations_(std::move(activations)), couples_forget_(couples_forget) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const RecurrentShape shape, resolve_recurrent(run, attributes_));
    if (run.has_input(kPeepholes)) TN_RETURN_IF_ERROR(check_peepholes(run.input(kPeepholes), shape));
    return visit_floats(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* const peepholes = run.has_input(kPeepholes) ? run.input(kPeepholes).data<T>() : nullptr;
      return walk_time<T>(
          run, attributes_, shape, 4 * shape.hidden,
          [&](const RecurrentWeights<T>& w, const T* x, const RecurrentLane& lane) { step(w, x, peepholes, lane); });
    });
  }

 private:
  static sdk::Status check_peepholes(const sdk::TensorView& p, const RecurrentShape& shape) {
    if (p.rank() == 2 && p.dim(0) == shape.directions && p.dim(1) == 3 * shape.hidden) return {};
    return sdk::invalid_argument("input P has shape ", sdk::shape_text(p.shape()), ", expected ", shape.directions, "x",
                                 3 * shape.hidden, " (directions x 3*hidden)");
  }

  template <typename T>
  void step(const RecurrentWeights<T>& w, const T* x, const T* peepholes, const RecurrentLane& lane) const {
    const int64_t H = w.hidden;
    const Activation* const functions = activations_.data() + 3 * lane.direction;
    double *const h = lane.states, *const c = h + H, *const gates = lane.room;
    for (int64_t row = 0; row < 4 * H; ++row) gates[row] = w.of_input(row, x) + w.of_state(row, h);
    const T* const p = peepholes == nullptr ? nullptr : peepholes + lane.direction * 3 * H;
    const auto peep = [&](int64_t gate, int64_t j) { return p == nullptr ? 0.0 : double(p[gate * H + j]) * c[j]; };
    for (int64_t j = 0; j < H; ++j) {
      const double in = functions[0](gates[j] + peep(0, j));
      const double forget = couples_forget_ ? 1 - in : functions[0](gates[2 * H + j] + peep(2, j));
      c[j] = forget * c[j] + in * functions[1](gates[3 * H + j]);
      h[j] = functions[0](gates[H + j] + peep(1, j)) * functions[2](c[j]);
    }
  }

  const RecurrentAttributes attributes_;
  const std::vector<Activation> activations_;
  const bool couples_forget_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_lstm(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const RecurrentAttributes attributes, read_recurrent_attributes(info, 4, 2));
  TN_ASSIGN_OR_RETURN(auto activations, read_activations(info, {"Sigmoid", "Tanh", "Tanh"}, attributes.directions));
  return std::make_unique<Lstm>(attributes, std::move(activations), info.attr_int("input_forget", 0) != 0);
}

}  // namespace tenon::cpu_ref
