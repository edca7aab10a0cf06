// RMSNormalization: Y = X / sqrt(mean of X^2 + epsilon) * scale over the dimensions from `axis` on.
// SimplifiedLayerNormalization: the same under its older name, with the inverse deviation of each row as a second
// output. Y may be X.
#include <cmath>

#include "common.h"
#include "ops/normalize/parameters.h"
#include "simd/normalize.h"
#include "simd/reduce.h"

namespace tenon::cpu_blas {
namespace {

class RmsNormalization final : public sdk::Kernel {
 public:
  explicit RmsNormalization(const sdk::KernelInfo& info)
      : node_(describe(info)), axis_(info.attr_int("axis")), epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), scale = run.input(1);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    const int64_t rows = extent(x.shape(), 0, axis), length = extent(x.shape(), axis, x.rank());
    if (scale.count() != length)
      return sdk::unsupported(node_, ": scale is ", sdk::shape_text(scale.shape()), ", expected the ", length,
                              " elements of the normalized dimensions: cpu_ref broadcasts it");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    float* inverses = nullptr;
    if (run.output_count() > 1 && run.output_wanted(1)) {
      sdk::Shape reduced(x.shape().begin(), x.shape().end());
      for (size_t i = static_cast<size_t>(axis); i < reduced.size(); ++i) reduced[i] = 1;
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(1, TN_FLOAT, reduced));
      inverses = t.data<float>();
    }
    run.parallel_for(rows, static_cast<double>(length) * 0.3 + 10, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const float* row = x.data<float>() + r * length;
        const double squares = simd::fold_row(simd::Fold::kSquares, row, length);
        const auto inverse =
            static_cast<float>(1 / std::sqrt(squares / static_cast<double>(length) + static_cast<double>(epsilon_)));
        simd::scale_row(row, inverse, scale.data<float>(), y.data<float>() + r * length, length);
        if (inverses != nullptr) inverses[r] = inverse;
      }
    });
    return {};
  }

 private:
  std::string node_;
  int64_t axis_;
  float epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_rms_normalization(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(check_parameters(info, {1}));
  return sdk::KernelPtr(std::make_unique<RmsNormalization>(info));
}

}  // namespace tenon::cpu_blas
