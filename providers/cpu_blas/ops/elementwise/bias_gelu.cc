// BiasGelu: with x = A + B, B along the last dimension, Y = x/2 * (1 + erf(x / sqrt 2)). Y may be A.
#include <algorithm>

#include "common.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {
namespace {

constexpr double kNsPerElement = 1;

class BiasGelu final : public sdk::Kernel {
 public:
  explicit BiasGelu(std::string node) : node_(std::move(node)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    const int64_t columns = a.rank() == 0 ? 1 : a.dim(a.rank() - 1);
    if (b.rank() != 1 || b.dim(0) != columns)
      return sdk::invalid_model(node_, ": B is ", sdk::shape_text(b.shape()), ", expected ", columns,
                                ", the last dimension of A");
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, a.shape()));
    if (y.count() == 0) return {};
    run.parallel_for(y.count() / columns, kNsPerElement * static_cast<double>(columns),
                     [&](int64_t begin, int64_t end) {
                       for (int64_t i = begin; i < end; ++i) {
                         const float* from = a.data<float>() + i * columns;
                         float* to = y.data<float>() + i * columns;
                         if (from != to) std::copy_n(from, columns, to);
                         simd::finish_row(to, 1, b.data<float>(), 1, nullptr, {simd::Unary::kGelu, 0, 0}, columns);
                       }
                     });
    return {};
  }

 private:
  std::string node_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_bias_gelu(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<BiasGelu>(describe(info)));
}

}  // namespace tenon::cpu_blas
