// GRU, whose gates lie in the order z, r, h:
//   z = f(Wz x + Wbz + Rz h + Rbz), r likewise
//   c = g(Wh x + Wbh + Rh (r h) + Rbh), or with linear_before_reset g(Wh x + Wbh + r (Rh h + Rbh))
//   h = (1 - z) c + z h
#include "recurrent/recurrent.h"

namespace tenon::cpu_ref {
namespace {

class Gru final : public sdk::Kernel {
 public:
  Gru(RecurrentAttributes attributes, std::vector<GateActivation> activations, bool is_linear_before_reset)
      : attributes_(attributes),
        activations_(std::move(activations)),
        is_linear_before_reset_(is_linear_before_reset) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const RecurrentShape shape, attributes_.resolve_run(run));
    return visit_floats(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      return walk_time<T>(
          run, attributes_, shape, 3 * shape.hidden,
          [&](const RecurrentWeights<T>& w, const T* x, const RecurrentLane& lane) { step<T>(w, x, lane); });
    });
  }

 private:
  template <typename T>
  void step(const RecurrentWeights<T>& w, const T* x, const RecurrentLane& lane) const {
    const int64_t H = w.hidden;
    const GateActivation* const functions = activations_.data() + 2 * lane.direction;
    double *const h = lane.states, *const z = lane.room, *const r = z + H, *const gated = r + H;
    for (int64_t j = 0; j < H; ++j) {
      z[j] = functions[0](w.of_input(j, x) + w.of_state(j, h));
      r[j] = functions[0](w.of_input(H + j, x) + w.of_state(H + j, h));
    }
    // The old state must be whole until the last row has read it.
    if (is_linear_before_reset_) {
      for (int64_t j = 0; j < H; ++j) gated[j] = r[j] * w.of_state(2 * H + j, h);
      for (int64_t j = 0; j < H; ++j) h[j] = mixed(z[j], functions[1](w.of_input(2 * H + j, x) + gated[j]), h[j]);
      return;
    }
    for (int64_t j = 0; j < H; ++j) gated[j] = r[j] * h[j];
    for (int64_t j = 0; j < H; ++j)
      h[j] = mixed(z[j], functions[1](w.of_input(2 * H + j, x) + w.of_state(2 * H + j, gated)), h[j]);
  }

  static double mixed(double z, double candidate, double old) { return (1 - z) * candidate + z * old; }

  const RecurrentAttributes attributes_;
  const std::vector<GateActivation> activations_;
  const bool is_linear_before_reset_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gru(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const RecurrentAttributes attributes, RecurrentAttributes::parse(info, 3, 1));
  TN_ASSIGN_OR_RETURN(auto activations, read_activations(info, {"Sigmoid", "Tanh"}, attributes.directions));
  return std::make_unique<Gru>(attributes, std::move(activations), info.attr_int("linear_before_reset", 0) != 0);
}

}  // namespace tenon::cpu_ref
