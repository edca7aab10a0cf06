// Multinomial: of each row of the input (batch x classes), sample_size classes, each drawn on its own with the
// probability exp(element) / sum of exp over the row: logarithms that need not add up. The result is batch x
// sample_size of int32 or int64 (attribute `dtype`). -infinity is a class that is never drawn; NaN, +infinity and a row
// without a class that can be drawn are errors. With a seed every run draws the same, without one no two runs do.
#include <algorithm>
#include <cmath>

#include "dispatch.h"
#include "random.h"

namespace tenon::cpu_ref {
namespace {

class Multinomial final : public sdk::Kernel {
 public:
  explicit Multinomial(const sdk::KernelInfo& info)
      : dtype_(info.output(0).info().dtype()), samples_(info.attr_int("sample_size")), seed_(info) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 2)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected batch x classes");
    const int64_t rows = x.dim(0), classes = x.dim(1);
    if (rows > 0 && classes == 0)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected at least 1 class");
    const int64_t dims[] = {rows, samples_};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype_, dims));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      std::mt19937 generator = seed_.generator();
      std::vector<double> sums;
      for (int64_t row = 0; row < rows && !run.cancelled(); ++row) {
        TN_RETURN_IF_ERROR(add_up(x.data<T>() + row * classes, row, classes, &sums));
        for (int64_t i = row * samples_; i < (row + 1) * samples_; ++i) {
          const double place = next_uniform(generator) * sums.back();
          const int64_t drawn = std::upper_bound(sums.begin(), sums.end(), place) - sums.begin();
          if (dtype_ == TN_INT32)
            y.data<int32_t>()[i] = static_cast<int32_t>(drawn);
          else
            y.data<int64_t>()[i] = drawn;
          if (i % 4096 == 0 && run.cancelled()) return {};
        }
      }
      return {};
    });
  }

 private:
  /// The sums of the first 1, 2, ... weights of a row, relative to the greatest. The last is at least 1.
  template <typename T>
  static sdk::Status add_up(const T* x, int64_t row, int64_t classes, std::vector<double>* sums) {
    double greatest = -INFINITY;
    for (int64_t i = 0; i < classes; ++i) {
      const auto v = static_cast<double>(x[i]);
      if (!(v < INFINITY))
        return sdk::invalid_argument("class ", i, " of row ", row, " of the input is ", v,
                                     ", expected the logarithm of a probability");
      greatest = std::max(greatest, v);
    }
    if (greatest == -INFINITY)
      return sdk::invalid_argument("row ", row, " of the input is all -inf, expected a class that can be drawn");
    sums->clear();
    double sum = 0;
    for (int64_t i = 0; i < classes; ++i) sums->push_back(sum += std::exp(static_cast<double>(x[i]) - greatest));
    return {};
  }

  const tn_dtype dtype_;
  const int64_t samples_;
  const FloatSeed seed_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_multinomial(const sdk::KernelInfo& info) {
  const int64_t samples = info.attr_int("sample_size");
  if (samples < 1) return sdk::invalid_model("attribute sample_size is ", samples, ", expected at least 1");
  TN_RETURN_IF_ERROR(check_type(TypeList<int32_t, int64_t>{}, info.output(0), "of the output"));
  return std::make_unique<Multinomial>(info);
}

}  // namespace tenon::cpu_ref
