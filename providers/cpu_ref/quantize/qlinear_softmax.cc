// QLinearSoftmax: Y = quantized(e^(x - m) / sum of e^(x - m)) of the real numbers x that X stands for, m the largest of
// a lane: along `axis`, or where the attribute opset is below 13 over all axes from there on. Y may be X.
#include <algorithm>
#include <tenon/sdk/geometry/lanes.hpp>

#include "quantize/quantization.h"

namespace tenon::cpu_ref {
namespace {

class QLinearSoftmax final : public sdk::Kernel {
 public:
  QLinearSoftmax(int64_t axis, bool flattens) : axis_(axis), flattens_(flattens) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Quantization of_x, quantization_of(run, 1, 2, "X"));
    TN_ASSIGN_OR_RETURN(const Quantization of_y, quantization_of(run, 3, 4, "Y"));
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::of_softmax(x.shape(), axis_, flattens_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    return visit_list(ByteTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t o = 0; o < lanes.outer; ++o)
        for (int64_t n = 0; n < lanes.inner; ++n) {
          const int64_t at = o * lanes.length * lanes.inner + n;
          fill_lane(x.data<T>() + at, y.template data<T>() + at, lanes, of_x.scale, of_y);
        }
      return {};
    });
  }

 private:
  template <typename T>
  static void fill_lane(const T* x, T* y, const sdk::Lanes& lanes, double scale, const Quantization& of_y) {
    // The largest real number is of the largest byte, or where the scale is negative of the smallest.
    T top = x[0];
    for (int64_t i = 1; i < lanes.length; ++i)
      top = scale < 0 ? std::min(top, x[i * lanes.inner]) : std::max(top, x[i * lanes.inner]);
    const auto power = [&](T value) { return std::exp(scale * (double(value) - double(top))); };
    double sum = 0;
    for (int64_t i = 0; i < lanes.length; ++i) sum += power(x[i * lanes.inner]);
    for (int64_t i = 0; i < lanes.length; ++i) y[i * lanes.inner] = quantized<T>(power(x[i * lanes.inner]) / sum, of_y);
  }

  int64_t axis_;
  bool flattens_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_softmax(const sdk::KernelInfo& info) {
  return std::make_unique<QLinearSoftmax>(info.attr_int("axis"), info.attr_int("opset") < 13);
}

}  // namespace tenon::cpu_ref
