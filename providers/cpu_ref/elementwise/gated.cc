// Products with gates, each step rounded to the type of the data. GatedAdd: X + Y * gate, gate being [..., 1] for X and Y
// [..., C]; the output may be X or Y. ScaledSiLU: z * sigmoid(z) of z = scale * X, a number, or `alpha` where it is left
// out; the output may be X.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "elementwise/functions.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class GatedAdd final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), y = run.input(1), gate = run.input(2);
    sdk::Shape rows = to_shape(x.shape());
    if (!rows.empty()) rows.back() = 1;
    if (x.rank() == 0 || to_shape(x.shape()) != to_shape(y.shape()) || rows != to_shape(gate.shape()))
      return sdk::invalid_argument("inputs X, Y and gate have shapes ", sdk::shape_text(x.shape()), ", ",
                                   sdk::shape_text(y.shape()), " and ", sdk::shape_text(gate.shape()),
                                   ", expected ... x C twice and ... x 1");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView sum, run.output(0, x.dtype(), x.shape()));
    const int64_t columns = x.dim(x.rank() - 1);
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(gate.count(), double(columns), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * columns; i < end * columns; ++i) {
          const T product = T(Compute<T>(y.data<T>()[i]) * Compute<T>(gate.data<T>()[i / columns]));
          sum.data<T>()[i] = T(Compute<T>(x.data<T>()[i]) + Compute<T>(product));
        }
      });
      return {};
    });
  }
};

class ScaledSilu final : public sdk::Kernel {
 public:
  explicit ScaledSilu(float alpha) : alpha_(alpha) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    float scale = alpha_;
    if (run.has_input(1)) {
      if (run.input(1).count() != 1)
        return sdk::invalid_argument("input scale has shape ", sdk::shape_text(run.input(1).shape()),
                                     ", expected one number");
      TN_RETURN_IF_ERROR(visit_floats(run.input(1).dtype(), [&](auto tag) -> sdk::Status {
        scale = float(*run.input(1).data<decltype(tag)>());
        return {};
      }));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(x.count(), 20, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T z = T(Compute<T>(scale) * Compute<T>(x.data<T>()[i]));
          const T gate = T(sigmoid(Compute<T>(z)));
          y.data<T>()[i] = T(Compute<T>(z) * Compute<T>(gate));
        }
      });
      return {};
    });
  }

 private:
  float alpha_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gated_add(const sdk::KernelInfo& info) {
  if (info.input_count() > 3 && info.input(3))
    return sdk::unsupported("input gate_weight is given: only gates that are given themselves have a kernel");
  return std::make_unique<GatedAdd>();
}

sdk::Result<sdk::KernelPtr> make_scaled_silu(const sdk::KernelInfo& info) {
  return std::make_unique<ScaledSilu>(info.attr_float("alpha"));
}

}  // namespace tenon::cpu_ref
