// LayerNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale + bias over the dimensions from `axis` on;
// outputs 1 and 2, where wanted, are mean and 1 / sqrt(variance + epsilon). Y may be X.
#include "common.h"
#include "ops/normalize/parameters.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

class LayerNormalization final : public sdk::Kernel {
 public:
  explicit LayerNormalization(const sdk::KernelInfo& info)
      : node_(describe(info)), axis_(info.attr_int("axis")), epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const sdk::TensorView scale = run.input(1);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    const int64_t rows = extent(x.shape(), 0, axis);
    const int64_t length = extent(x.shape(), axis, x.rank());
    const float* bias = run.has_input(2) ? run.input(2).data<float>() : nullptr;
    if (scale.count() != length || (bias != nullptr && run.input(2).count() != length))
      return sdk::unsupported(node_, ": scale is ", sdk::shape_text(scale.shape()), ", expected the ", length,
                              " elements of the normalized dimensions: cpu_ref broadcasts it");
    sdk::Shape reduced(x.shape().begin(), x.shape().end());
    for (size_t i = static_cast<size_t>(axis); i < reduced.size(); ++i) reduced[i] = 1;
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    float* statistics[2] = {nullptr, nullptr};
    for (uint32_t i : {1u, 2u}) {
      if (i >= run.output_count() || !run.output_wanted(i)) continue;
      TN_ASSIGN_OR_RETURN(sdk::MutableTensorView s, run.output(i, TN_FLOAT, reduced));
      statistics[i - 1] = s.data<float>();
    }
    run.parallel_for(rows, static_cast<double>(length) / 3, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float mean, inverse;
        simd::layer_norm_row(x.data<float>() + i * length, scale.data<float>(), bias, epsilon_,
                             y.data<float>() + i * length, length, &mean, &inverse);
        if (statistics[0] != nullptr) statistics[0][i] = mean;
        if (statistics[1] != nullptr) statistics[1][i] = inverse;
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

sdk::Result<sdk::KernelPtr> make_layer_normalization(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(check_parameters(info, {1, 2}));
  return sdk::KernelPtr(std::make_unique<LayerNormalization>(info));
}

}  // namespace tenon::cpu_blas
