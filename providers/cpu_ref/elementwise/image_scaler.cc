// ImageScaler of the first opsets: y = scale * x + bias[c] for each channel c of X, N x C x H x W. Y may be X.
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

class ImageScaler final : public sdk::Kernel {
 public:
  explicit ImageScaler(const sdk::KernelInfo& info)
      : scale_(info.attr_float("scale")), bias_(info.attr_floats("bias")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 4 || x.dim(1) != static_cast<int64_t>(bias_.size()))
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected N x ", bias_.size(),
                                   " x H x W, a channel for each number of attribute bias");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    const int64_t plane = x.dim(2) * x.dim(3);
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t i = 0; i < x.count(); ++i)
        y.data<T>()[i] =
            from_double<T>(double(scale_) * double(x.data<T>()[i]) + double(bias_[size_t(i / plane % x.dim(1))]));
      return {};
    });
  }

 private:
  const float scale_;
  const std::vector<float> bias_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_image_scaler(const sdk::KernelInfo& info) {
  return std::make_unique<ImageScaler>(info);
}

}  // namespace tenon::cpu_ref
