// Gather: the slices of `data` along `axis` that `indices` names; a negative index counts from the end.
#include <tenon/sdk/geometry/join.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class Gather final : public sdk::Kernel {
 public:
  explicit Gather(const sdk::KernelInfo& info) : node_(describe(info)), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0);
    const sdk::TensorView indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, data.rank()));
    TN_ASSIGN_OR_RETURN(std::vector<int64_t> wanted, read_integers(node_, indices));
    const int64_t size = data.dim(axis);
    for (int64_t& i : wanted) {
      if (i < -size || i >= size)
        return sdk::invalid_argument(node_, ": index ", i, " is out of range, expected one in [", -size, ", ", size - 1,
                                     "], the data being ", sdk::shape_text(data.shape()));
      if (i < 0) i += size;
    }
    const auto dims = [](sdk::ShapeView shape) { return sdk::Shape(shape.begin(), shape.end()); };
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::gathered_shape(dims(data.shape()), dims(indices.shape()), axis));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, data.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + indices.byte_length());
    const int64_t outer = extent(data.shape(), 0, axis);
    const size_t slice = static_cast<size_t>(extent(data.shape(), axis + 1, data.rank())) * element_size(data.dtype());
    if (slice == 0) return {};
    char* to = static_cast<char*>(y.raw());
    for (int64_t o = 0; o < outer; ++o) {
      const char* from = static_cast<const char*>(data.raw()) + static_cast<size_t>(o * size) * slice;
      for (int64_t i : wanted) {
        std::memcpy(to, from + static_cast<size_t>(i) * slice, slice);
        to += slice;
      }
    }
    return {};
  }

 private:
  std::string node_;
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Gather>(info));
}

}  // namespace tenon::cpu_blas
