// TensorScatter: a cache with rows of `update` in the place of some of its own, along an axis. Row s of batch entry b
// goes to write_indices[b] + s, or to its remainder by the size of the axis where the mode is circular. A cache that
// lies where the result does is only written to there.
#include <tenon/sdk/geometry/axes.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class TensorScatter final : public sdk::Kernel {
 public:
  TensorScatter(int64_t axis, bool is_circular) : axis_(axis), is_circular_(is_circular) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView past = run.input(0), update = run.input(1);
    TN_ASSIGN_OR_RETURN(const size_t axis, check_shapes(past, update));
    TN_ASSIGN_OR_RETURN(const sdk::Shape starts,
                        starts_of(run, past.dim(0), past.dim(int64_t(axis)), update.dim(int64_t(axis))));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView present, run.output(0, past.dtype(), past.shape()));
    if (past.count() == 0) return {};
    run.count(TN_COUNT_BYTES, 2 * (update.byte_length() + (present.raw() != past.raw() ? past.byte_length() : 0)));
    if (present.raw() != past.raw()) {
      if (sdk::bits_per_element(past.dtype()) < 8) std::memset(present.raw(), 0, present.byte_length());
      TN_RETURN_IF_ERROR(ElementMover(run, 0, present, past).copy(0, 0, past.count()));
    }
    const int64_t rows = past.dim(int64_t(axis)), added = update.dim(int64_t(axis));
    const int64_t blocks = sdk::element_count(past.shape().subspan(0, axis));
    const int64_t row = sdk::element_count(past.shape().subspan(axis + 1, past.shape().size() - axis - 1));
    ElementMover mover(run, 0, present, update);
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t start = starts[size_t(block / (blocks / past.dim(0)))];
      const int64_t before_end = std::min(added, rows - start);  // the others begin anew
      TN_RETURN_IF_ERROR(mover.copy((block * rows + start) * row, block * added * row, before_end * row));
      TN_RETURN_IF_ERROR(
          mover.copy(block * rows * row, (block * added + before_end) * row, (added - before_end) * row));
    }
    return {};
  }

 private:
  sdk::Result<size_t> check_shapes(const sdk::TensorView& past, const sdk::TensorView& update) const {
    TN_ASSIGN_OR_RETURN(const size_t axis, sdk::axis_index(axis_, past.shape().size()));
    if (axis == 0) return sdk::invalid_argument("axis is 0, the batch, expected another");
    bool fits = update.rank() == past.rank();
    for (int64_t i = 0; fits && i < past.rank(); ++i)
      fits = size_t(i) == axis ? update.dim(i) <= past.dim(i) : update.dim(i) == past.dim(i);
    if (!fits)
      return sdk::invalid_argument("update is ", sdk::shape_text(update.shape()), " and past_cache ",
                                   sdk::shape_text(past.shape()), ", expected the same but for no more along axis ",
                                   axis);
    return axis;
  }

  sdk::Result<sdk::Shape> starts_of(sdk::RunContext& run, int64_t batch, int64_t rows, int64_t added) const {
    if (!run.has_input(2)) return sdk::Shape(size_t(batch), 0);
    TN_ASSIGN_OR_RETURN(sdk::Shape starts, read_ints(run.input(2), "write_indices"));
    if (int64_t(starts.size()) != batch)
      return sdk::invalid_argument("input write_indices has ", starts.size(), " values, expected ", batch,
                                   ", one for each entry of the batch");
    for (int64_t& start : starts) {
      if (start < 0 || (!is_circular_ && start > rows - added))
        return sdk::invalid_argument(
            "input write_indices holds ", start, ", expected ", is_circular_ ? "0 or more" : "0 to ",
            is_circular_ ? "" : std::to_string(rows - added), " for ", added, " rows of ", rows);
      if (is_circular_ && rows > 0) start %= rows;
    }
    return starts;
  }

  int64_t axis_;
  bool is_circular_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_tensor_scatter(const sdk::KernelInfo& info) {
  const std::string mode = info.attr_string("mode");
  if (mode != "linear" && mode != "circular")
    return sdk::invalid_model("mode is '", mode, "', expected linear or circular");
  return std::make_unique<TensorScatter>(info.attr_int("axis"), mode == "circular");
}

}  // namespace tenon::cpu_ref
