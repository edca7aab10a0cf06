// Slice: elements starts, starts + steps, ... before ends, along each of `axes`. Starts and ends beyond the input are
// bounded by it, negative ones count from the end; a step may be negative.
#include <algorithm>
#include <tenon/sdk/geometry/slice.hpp>

#include "strided_copy.h"

namespace tenon::cpu_blas {
namespace {

struct Bounds {
  std::vector<int64_t> starts, ends, axes, steps;
};

class Slice final : public sdk::Kernel {
 public:
  explicit Slice(const sdk::KernelInfo& info) : node_(describe(info)), by_input_(info.since_version() >= 10) {
    attributes_.starts = info.attr_ints("starts");
    attributes_.ends = info.attr_ints("ends");
    attributes_.axes = info.attr_ints("axes");
    has_axes_ = info.has_ints("axes");
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Bounds bounds, read_bounds(run, x.rank()));
    sdk::Shape shape(x.shape().begin(), x.shape().end());
    std::vector<int64_t> steps(shape.size());
    for (size_t i = 0; i < steps.size(); ++i) steps[i] = extent(x.shape(), static_cast<int64_t>(i) + 1, x.rank());
    int64_t offset = 0;
    std::vector<bool> seen(shape.size(), false);
    for (size_t i = 0; i < bounds.axes.size(); ++i) {
      TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(bounds.axes[i], x.rank()));
      const size_t d = static_cast<size_t>(axis);
      if (seen[d])
        return sdk::invalid_model(node_, ": axis ", bounds.axes[i], " is listed twice: name every axis once");
      seen[d] = true;
      const int64_t size = x.dim(axis);
      if (bounds.steps[i] == 0) return sdk::invalid_model(node_, ": a step is 0, expected another");
      const sdk::SliceAxis slice = sdk::slice_axis(size, bounds.starts[i], bounds.ends[i], bounds.steps[i]);
      shape[d] = slice.count;
      offset += slice.start * steps[d];
      steps[d] *= slice.step;
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length());
    copy_strided_view(run, x.raw(), offset, steps, shape, element_size(x.dtype()), y.raw());
    return {};
  }

 private:
  sdk::Result<Bounds> read_bounds(sdk::RunContext& run, int64_t rank) const {
    Bounds b = attributes_;
    if (by_input_) {
      std::vector<int64_t>* const targets[] = {&b.starts, &b.ends, &b.axes, &b.steps};
      for (uint32_t i = 0; i < 4; ++i) {
        if (!run.has_input(i + 1)) continue;
        TN_ASSIGN_OR_RETURN(*targets[i], read_integers(node_, run.input(i + 1)));
      }
    }
    // An empty list that is given says something else than one that is left out.
    if (!(by_input_ ? run.has_input(3) : has_axes_) && static_cast<int64_t>(b.starts.size()) <= rank)
      for (size_t i = 0; i < b.starts.size(); ++i) b.axes.push_back(static_cast<int64_t>(i));
    if (!by_input_ || !run.has_input(4)) b.steps.assign(b.starts.size(), 1);
    if (b.ends.size() != b.starts.size() || b.axes.size() != b.starts.size() || b.steps.size() != b.starts.size())
      return sdk::invalid_model(node_, ": starts, ends, axes and steps have ", b.starts.size(), ", ", b.ends.size(),
                                ", ", b.axes.size(), " and ", b.steps.size(), " elements, expected as many of each");
    return b;
  }

  std::string node_;
  bool by_input_;
  bool has_axes_ = false;
  Bounds attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_slice(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Slice>(info));
}

}  // namespace tenon::cpu_blas
