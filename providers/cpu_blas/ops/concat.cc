// Concat: the inputs one after the other along `axis`.
#include <tenon/sdk/geometry/join.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class Concat final : public sdk::Kernel {
 public:
  explicit Concat(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView first = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, first.rank()));
    sdk::Shape shape(first.shape().begin(), first.shape().end());
    for (uint32_t i = 1; i < run.input_count(); ++i)
      TN_RETURN_IF_ERROR(sdk::join_shape(&shape, run.input(i).shape(), static_cast<size_t>(axis), i));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, first.dtype(), shape));
    const size_t row = static_cast<size_t>(extent(shape, axis, first.rank())) * element_size(first.dtype());
    const int64_t rows = extent(shape, 0, axis);
    char* to = static_cast<char*>(y.raw());
    for (uint32_t i = 0; i < run.input_count(); ++i) {
      const sdk::TensorView x = run.input(i);
      const size_t bytes = static_cast<size_t>(extent(x.shape(), axis, x.rank())) * element_size(x.dtype());
      if (bytes == 0) continue;
      const char* from = static_cast<const char*>(x.raw());
      for (int64_t r = 0; r < rows; ++r)
        std::memcpy(to + static_cast<size_t>(r) * row, from + static_cast<size_t>(r) * bytes, bytes);
      to += bytes;
    }
    return {};
  }

 private:
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_concat(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Concat>(info));
}

}  // namespace tenon::cpu_blas
