// PRelu: Y = X where X >= 0, slope * X elsewhere; slope broadcasts to X, before opset 7 along the channels (axis 1) or
// from one element. Integers wrap around. Y may be X.
#include "broadcast.h"
#include "elementwise/elementwise.h"

namespace tenon::cpu_ref {
namespace {

class PRelu final : public sdk::Kernel {
 public:
  explicit PRelu(bool slope_is_per_channel) : slope_is_per_channel_(slope_is_per_channel) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const sdk::TensorView slope = run.input(1);
    sdk::Shape slope_shape(slope.shape().begin(), slope.shape().end());
    if (slope_is_per_channel_ && slope.rank() == 1 && slope.count() != 1 && x.rank() > 2)
      slope_shape.resize(static_cast<size_t>(x.rank()) - 1, 1);
    const sdk::ShapeView shapes[] = {x.shape(), slope_shape};
    TN_ASSIGN_OR_RETURN(const Broadcast rows, Broadcast::create_to(x.shape(), shapes));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      using C = Compute<T>;
      rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < n; ++i) {
          const C value = static_cast<C>(x.data<T>()[begin + i]);
          const C factor = static_cast<C>(slope.data<T>()[at[1] + i * step[1]]);
          y.template data<T>()[begin + i] = static_cast<T>(value < 0 ? wrapping_multiply(factor, value) : value);
        }
      });
      return {};
    });
  }

 private:
  bool slope_is_per_channel_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_prelu(const sdk::KernelInfo& info) {
  return std::make_unique<PRelu>(info.since_version() < 7);
}

}  // namespace tenon::cpu_ref
