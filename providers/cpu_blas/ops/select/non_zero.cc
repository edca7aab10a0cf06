// NonZero: the indices of the elements that are not zero (NaN counts), in row-major order, as int64 of rank x count:
// one row per axis.
#include <algorithm>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class NonZero final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    switch (run.input(0).dtype()) {
      case TN_FLOAT: return find<float>(run);
      case TN_INT32: return find<int32_t>(run);
      case TN_INT64: return find<int64_t>(run);
      default: return find<uint8_t>(run);  // bool, too: a model may hold bools that are neither 0 nor 1
    }
  }

 private:
  template <typename T>
  static sdk::Status find(sdk::RunContext& run) {
    const sdk::TensorView x = run.input(0);
    const T* data = static_cast<const T*>(x.raw());
    const int64_t elements = x.count(), rank = x.rank();
    int64_t count = 0;
    for (int64_t i = 0; i < elements; ++i) count += data[i] != T{0};
    const int64_t shape[] = {rank, count};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    int64_t* out = y.data<int64_t>();
    if (count == 0 || rank == 0) return {};
    const int64_t columns = x.dim(rank - 1);
    int64_t found = 0;
    for (int64_t line = 0; line < elements / columns; ++line) {
      const T* row = data + line * columns;
      const int64_t first = found;
      int64_t* last_axis = out + (rank - 1) * count;
      for (int64_t c = 0; c < columns; ++c)
        if (row[c] != T{0}) last_axis[found++] = c;
      int64_t rest = line;
      for (int64_t a = rank - 1; found > first && a-- > 0; rest /= x.dim(a))
        std::fill(out + a * count + first, out + a * count + found, rest % x.dim(a));
    }
    return {};
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_non_zero(const sdk::KernelInfo&) {
  return sdk::KernelPtr(std::make_unique<NonZero>());
}

}  // namespace tenon::cpu_blas
