// ReverseSequence: for each entry b of the batch axis, the first sequence_lens[b] slices of the time axis in reverse
// order and the others as they are. The two axes are the first two, either way round.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class ReverseSequence final : public sdk::Kernel {
 public:
  explicit ReverseSequence(const sdk::KernelInfo& info)
      : batch_axis_(info.attr_int("batch_axis")), time_axis_(info.attr_int("time_axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected rank 2 or more");
    if ((batch_axis_ != 0 || time_axis_ != 1) && (batch_axis_ != 1 || time_axis_ != 0))
      return sdk::invalid_argument("batch_axis and time_axis are ", batch_axis_, " and ", time_axis_,
                                   ", expected 0 and 1 or 1 and 0");
    const int64_t batch = x.dim(batch_axis_), time = x.dim(time_axis_);
    TN_ASSIGN_OR_RETURN(const sdk::Shape lengths, read_ints(run.input(1), "sequence_lens"));
    if (int64_t(lengths.size()) != batch)
      return sdk::invalid_argument("input sequence_lens has ", lengths.size(), " values, expected ", batch,
                                   ", the size of the batch axis");
    for (int64_t length : lengths)
      if (length < 0 || length > time)
        return sdk::invalid_argument("input sequence_lens holds ", length, ", expected 0 to ", time,
                                     ", the size of the time axis");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), x.shape()));
    if (x.count() == 0) return {};
    const sdk::Shape strides = row_major_strides(x.shape());
    const int64_t b_stride = strides[size_t(batch_axis_)], t_stride = strides[size_t(time_axis_)], slice = strides[1];
    ElementMover mover(run, 0, y, x);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t t = 0; t < time; ++t) {
        const int64_t length = lengths[size_t(b)], from = t < length ? length - 1 - t : t;
        TN_RETURN_IF_ERROR(mover.copy(b * b_stride + t * t_stride, b * b_stride + from * t_stride, slice));
      }
    return {};
  }

 private:
  int64_t batch_axis_, time_axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_reverse_sequence(const sdk::KernelInfo& info) {
  return std::make_unique<ReverseSequence>(info);
}

}  // namespace tenon::cpu_ref
