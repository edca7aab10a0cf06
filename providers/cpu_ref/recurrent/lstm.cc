// LSTM: the cell of lstm_cell.h over time.
#include "recurrent/lstm_cell.h"

namespace tenon::cpu_ref {
namespace {

class Lstm final : public sdk::Kernel {
 public:
  Lstm(RecurrentAttributes attributes, LstmCell cell) : attributes_(attributes), cell_(std::move(cell)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const RecurrentShape shape, attributes_.resolve_run(run));
    TN_RETURN_IF_ERROR(LstmCell::check_peepholes(run, shape));
    return visit_floats(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      return walk_time<T>(
          run, attributes_, shape, 4 * shape.hidden,
          [&](const RecurrentWeights<T>& w, const T* x, const RecurrentLane& lane) { cell_.step(run, w, x, lane); });
    });
  }

 private:
  const RecurrentAttributes attributes_;
  const LstmCell cell_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_lstm(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const RecurrentAttributes attributes, RecurrentAttributes::parse(info, 4, 2));
  TN_ASSIGN_OR_RETURN(LstmCell cell, LstmCell::read(info, attributes.directions, true));
  return std::make_unique<Lstm>(attributes, std::move(cell));
}

}  // namespace tenon::cpu_ref
