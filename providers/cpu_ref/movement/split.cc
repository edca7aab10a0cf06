// Split: cuts the input along `axis` into the outputs, of the sizes of `split`, or else into equal parts, of which from
// opset 18 the last may be smaller. The sizes are an attribute in opsets 2 to 12 and an input in the others (opset 1
// knows both).
#include <tenon/sdk/geometry/split.hpp>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Split final : public sdk::Kernel {
 public:
  explicit Split(const sdk::KernelInfo& info)
      : axis_(info.attr_int("axis")),
        may_be_uneven_(info.since_version() >= 18),
        has_sizes_(info.has_ints("split")),
        sizes_(info.attr_ints("split")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    TN_ASSIGN_OR_RETURN(const sdk::Shape sizes, part_sizes(run, x.dim(axis)));
    BoxLayout from{0, row_major_strides(x.shape())};
    sdk::Shape shape = to_shape(x.shape());
    for (uint32_t i = 0; i < run.output_count(); ++i) {
      shape[size_t(axis)] = sizes[i];
      if (run.output_wanted(i)) {
        TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, i, x.dtype(), shape));
        ElementMover mover(run, i, y, x);
        TN_RETURN_IF_ERROR(copy_box(mover, shape, {0, row_major_strides(shape)}, from));
      }
      from.offset += sizes[i] * from.strides[size_t(axis)];
    }
    return {};
  }

 private:
  sdk::Result<sdk::Shape> part_sizes(sdk::RunContext& run, int64_t size) const {
    const int64_t parts = run.output_count();
    if (!has_sizes_ && !run.has_input(1)) return sdk::split_lengths(size, parts, nullptr, may_be_uneven_);
    if (has_sizes_) return sdk::split_lengths(size, parts, &sizes_, may_be_uneven_);
    TN_ASSIGN_OR_RETURN(const sdk::Shape sizes, read_sizes(run.input(1)));
    return sdk::split_lengths(size, parts, &sizes, may_be_uneven_);
  }

  /// In opset 1 the sizes have the type of the data.
  static sdk::Result<sdk::Shape> read_sizes(const sdk::TensorView& split) {
    if (split.dtype() == TN_INT64) return read_ints(split, "split");
    sdk::Shape sizes;
    TN_RETURN_IF_ERROR(visit_floats(split.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (const T& v : split.span<T>()) {
        const double size = double(v);
        if (!(size >= 0 && size < 9e15)) return sdk::invalid_argument("split holds ", size, ", expected a size");
        sizes.push_back(int64_t(size));
      }
      return {};
    }));
    return sizes;
  }

  int64_t axis_;
  bool may_be_uneven_;
  bool has_sizes_;
  sdk::Shape sizes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_split(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(sdk::check_num_outputs(info.attr_int("num_outputs"), info.output_count(), bool(info.input(1)),
                                            info.since_version()));
  return std::make_unique<Split>(info);
}

}  // namespace tenon::cpu_ref
