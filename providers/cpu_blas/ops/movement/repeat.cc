// Expand: the input broadcast against a shape, both ways. Tile: the input repeated along each axis. The result is a
// view of the input whose repeats have a step of 0.
#include <tenon/sdk/geometry/pad.hpp>

#include "strided_copy.h"

namespace tenon::cpu_blas {
namespace {

sdk::Result<std::vector<int64_t>> read_list(const std::string& node, const sdk::TensorView& t, const char* name) {
  if (t.rank() > 1)
    return sdk::invalid_argument(node, ": input ", name, " has shape ", sdk::shape_text(t.shape()),
                                 ", expected a 1-D tensor");
  return read_integers(node, t);
}

class Expand final : public sdk::Kernel {
 public:
  explicit Expand(const sdk::KernelInfo& info) : node_(describe(info)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape asked, read_list(node_, run.input(1), "shape"));
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::expanded_shape(x.shape(), asked));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    run.count(TN_COUNT_BYTES, x.byte_length() + y.byte_length());
    if (y.count() == 0) return {};
    const size_t missing = shape.size() - x.shape().size();
    std::vector<int64_t> steps(shape.size(), 0);
    for (size_t i = 0; i < x.shape().size(); ++i)
      if (x.shape()[i] != 1) steps[missing + i] = extent(x.shape(), static_cast<int64_t>(i) + 1, x.rank());
    copy_strided_view(run, x.raw(), 0, steps, shape, element_size(x.dtype()), y.raw());
    return {};
  }

 private:
  std::string node_;
};

class Tile final : public sdk::Kernel {
 public:
  explicit Tile(const sdk::KernelInfo& info) : node_(describe(info)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape repeats, read_list(node_, run.input(1), "repeats"));
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::tiled_shape(x.shape(), repeats));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    run.count(TN_COUNT_BYTES, x.byte_length() + y.byte_length());
    if (y.count() == 0) return {};
    sdk::Shape box;
    std::vector<int64_t> steps;
    for (size_t i = 0; i < repeats.size(); ++i) {
      box.insert(box.end(), {repeats[i], x.shape()[i]});
      steps.insert(steps.end(), {0, extent(x.shape(), static_cast<int64_t>(i) + 1, x.rank())});
    }
    copy_strided_view(run, x.raw(), 0, steps, box, element_size(x.dtype()), y.raw());
    return {};
  }

 private:
  std::string node_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_expand(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Expand>(info));
}

sdk::Result<sdk::KernelPtr> make_tile(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Tile>(info));
}

}  // namespace tenon::cpu_blas
