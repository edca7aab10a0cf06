// Trilu: of each matrix, the last two axes, the elements on and above (upper) or on and below diagonal k; zeros
// elsewhere.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Trilu final : public sdk::Kernel {
 public:
  explicit Trilu(const sdk::KernelInfo& info) : upper_(info.attr_int("upper") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected rank 2 or more");
    int64_t k = 0;
    if (run.has_input(1)) {
      TN_ASSIGN_OR_RETURN(const sdk::Shape values, read_ints(run.input(1), "k"));
      if (values.size() != 1) return sdk::invalid_argument("input k has ", values.size(), " values, expected 1");
      k = values[0];
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), x.shape()));
    const int64_t rows = x.dim(x.rank() - 2), columns = x.dim(x.rank() - 1);
    if (x.count() == 0) return {};
    k = std::clamp(k, -rows, columns);
    const std::unique_ptr<HeldTensor> zero = HeldTensor::zero(x.dtype());
    ElementMover data(run, 0, y, x), zeros(run, 0, y, zero->view());
    for (int64_t line = 0; line < x.count() / columns; ++line) {
      // Columns [first, end) are kept.
      const int64_t diagonal = line % rows + k;
      const int64_t first = upper_ ? std::clamp<int64_t>(diagonal, 0, columns) : 0;
      const int64_t end = upper_ ? columns : std::clamp<int64_t>(diagonal + 1, 0, columns);
      const int64_t start = line * columns;
      TN_RETURN_IF_ERROR(zeros.copy(start, 1, 0, 0, first));
      TN_RETURN_IF_ERROR(data.copy(start + first, start + first, end - first));
      TN_RETURN_IF_ERROR(zeros.copy(start + end, 1, 0, 0, columns - end));
    }
    return {};
  }

 private:
  bool upper_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_trilu(const sdk::KernelInfo& info) {
  return std::make_unique<Trilu>(info);
}

}  // namespace tenon::cpu_ref
