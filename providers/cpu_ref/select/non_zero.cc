// NonZero: the indices of the elements that are not zero (strings: not empty; NaN counts), in row-major order, as int64
// of rank x count: one row per axis.
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Calls found(i) for every element i, of `parts` numbers each, with one that is not zero.
template <typename T, typename Found>
void each_non_zero(const sdk::TensorView& x, int64_t parts, Found&& found) {
  const T* data = static_cast<const T*>(x.raw());
  for (int64_t i = 0; i < x.count(); ++i) {
    bool zero = true;
    for (int64_t p = 0; p < parts; ++p) zero = zero && Compute<T>(data[i * parts + p]) == Compute<T>(0);
    if (!zero) found(i);
  }
}

class NonZero final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    std::vector<int64_t> positions;
    TN_RETURN_IF_ERROR(find(x, positions));
    const int64_t count = int64_t(positions.size());
    const int64_t shape[] = {x.rank(), count};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = positions[size_t(i)];
      for (int64_t a = x.rank(); a-- > 0; rest /= x.dim(a)) y.data<int64_t>()[a * count + i] = rest % x.dim(a);
    }
    return {};
  }

 private:
  static sdk::Status find(const sdk::TensorView& x, std::vector<int64_t>& positions) {
    const auto found = [&](int64_t i) { positions.push_back(i); };
    switch (x.dtype()) {
      case TN_BOOL: each_non_zero<uint8_t>(x, 1, found); return {};
      case TN_COMPLEX64: each_non_zero<float>(x, 2, found); return {};
      case TN_COMPLEX128: each_non_zero<double>(x, 2, found); return {};
      case TN_STRING:
        for (int64_t i = 0; i < x.count(); ++i)
          if (x.data<tn_str>()[i].size != 0) found(i);
        return {};
      default: break;
    }
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      each_non_zero<decltype(tag)>(x, 1, found);
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_non_zero(const sdk::KernelInfo&) {
  return std::make_unique<NonZero>();
}

}  // namespace tenon::cpu_ref
