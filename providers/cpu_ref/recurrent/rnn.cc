// RNN: h = f(W x + Wb + R h + Rb).
#include "recurrent/recurrent.h"

namespace tenon::cpu_ref {
namespace {

class Rnn final : public sdk::Kernel {
 public:
  Rnn(RecurrentAttributes attributes, std::vector<GateActivation> activations)
      : attributes_(attributes), activations_(std::move(activations)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const RecurrentShape shape, attributes_.resolve_run(run));
    return visit_floats(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t H = shape.hidden;
      return walk_time<T>(run, attributes_, shape, H,
                          [&](const RecurrentWeights<T>& w, const T* x, const RecurrentLane& lane) {
                            const GateActivation& f = activations_[static_cast<size_t>(lane.direction)];
                            double* const h = lane.states;
                            for (int64_t j = 0; j < H; ++j) lane.room[j] = f(w.of_input(j, x) + w.of_state(j, h));
                            std::copy_n(lane.room, H, h);
                          });
    });
  }

 private:
  const RecurrentAttributes attributes_;
  const std::vector<GateActivation> activations_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_rnn(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const RecurrentAttributes attributes, RecurrentAttributes::parse(info, 1, 1));
  TN_ASSIGN_OR_RETURN(auto activations, read_activations(info, {"Tanh"}, attributes.directions));
  return std::make_unique<Rnn>(attributes, std::move(activations));
}

}  // namespace tenon::cpu_ref
