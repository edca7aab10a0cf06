// EyeLike: a matrix of the input's shape with ones on diagonal k (above the main one for k > 0) and zeros elsewhere, of
// element type `dtype`, or else the input's.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

class EyeLike final : public sdk::Kernel {
 public:
  explicit EyeLike(const sdk::KernelInfo& info) : dtype_(info.attr_int("dtype")), k_(info.attr_int("k")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 2)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected a matrix");
    const tn_dtype dtype = dtype_ == TN_UNDEFINED ? x.dtype() : static_cast<tn_dtype>(dtype_);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype, x.shape()));
    const int64_t rows = x.dim(0), columns = x.dim(1);
    const auto fill = [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      T* out = y.data<T>();
      std::fill(out, out + y.count(), T(Compute<T>(0)));
      // Only diagonals -rows < k < columns are inside.
      if (k_ <= -rows || k_ >= columns) return {};
      for (int64_t r = std::max<int64_t>(0, -k_); r < rows && r + k_ < columns; ++r)
        out[r * columns + r + k_] = T(Compute<T>(1));
      return {};
    };
    return dtype == TN_BOOL ? fill(bool{}) : visit_numeric(dtype, fill);
  }

 private:
  int64_t dtype_;
  int64_t k_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_eye_like(const sdk::KernelInfo& info) {
  return std::make_unique<EyeLike>(info);
}

}  // namespace tenon::cpu_ref
